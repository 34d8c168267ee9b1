"""The classes and functions of Keras that a ``.keras`` file may name.

They compute, and take numbers and each other. Those that are left out run code that is stored in a file (``Lambda``), open or
download other files (``TFSMLayer``, ``TextVectorization``, ``get_file``), or take functions (``Map``, ``WhileLoop``).
"""

import re


def _names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


MODELS = _names("Functional Sequential")
LAYERS = _names("""
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast
    Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop
    Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D
    Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding
    Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    GroupedQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing
    RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
    RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
""")
ACTIVATIONS = _names("""
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid log_softmax
    mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish
    tanh tanh_shrink threshold
""")
INITIALIZERS = _names("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal LecunUniform Ones Orthogonal
    OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
""")
REGULARIZERS = _names("L1 L1L2 L2 OrthogonalRegularizer")
CONSTRAINTS = _names("MaxNorm MinMaxNorm NonNeg UnitNorm")
POLICIES = _names("DTypePolicy DTypePolicyMap FloatDTypePolicy")
OPERATIONS = _names("""
    Abs Absolute Add All Amax Amin Any Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argsort Average BatchNorm
    BroadcastTo Cast Cbrt Ceil Celu Clip Concatenate Conv ConvTranspose Copy Cos Cosh CountNonzero Cross Cumprod Cumsum Deg2rad
    DepthToSpace DepthwiseConv Diag Diagonal Diff Divide DivideNoNan Dot DotProductAttention Einsum Elu Equal Erf Erfc Exp Exp2
    ExpandDims Expm1 ExtractPatches Flip Floor FloorDivide FullLike GaussianBlur Gelu GetItem Glu Greater GreaterEqual HSVToRGB
    HardShrink HardSigmoid HardSilu HardTanh Heaviside Hstack Hypot Inner IsFinite Isclose Isfinite Isinf Isnan LayerNorm LeakyRelu
    Less LessEqual Log Log10 Log1p Log2 LogSigmoid LogSoftmax Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Logsumexp Matmul
    Max MaxPool Maximum AveragePool AdaptiveAveragePool AdaptiveMaxPool Mean Median Min Minimum Mod Moments Moveaxis Multiply
    NanToNum Negative Norm Normalize NotEqual OneHot OnesLike Outer Pad PadImages CropImages Power Prod Ptp RGBToGrayscale RGBToHSV
    RMSNorm Ravel Reciprocal Relu Relu6 Repeat Reshape Resize Roll Rot90 Round Rsqrt SaturateCast Selu SeparableConv Sigmoid Sign
    Silu Sin Sinc Sinh Slice SobelEdges SoftShrink Softmax Softplus Softsign Sort SpaceToDepth SparsePlus SparseSigmoid Sparsemax
    Split Sqrt Square Squareplus Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh TanhShrink
    Tensordot Threshold Tile TopK Trace Transpose Tril Triu TrueDivide Trunc Unstack Var Vdot Vstack Where ZerosLike
""")
VALUES = _names("__keras_tensor__ __tensor__ __numpy__ __slice__ __ellipsis__")
"""Tensors, arrays and slices, which have no module."""
PARTS: dict[str | None, frozenset[str]] = {
    None: VALUES,
    "keras": MODELS | POLICIES,
    "keras.models": MODELS,
    "keras.src.models.functional": MODELS,
    "keras.src.models.sequential": MODELS,
    "keras.layers": LAYERS,
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": REGULARIZERS,
    "keras.constraints": CONSTRAINTS,
    "keras.dtype_policies": POLICIES,
    **{f"keras.src.ops.{each}": OPERATIONS for each in ("numpy", "nn", "math", "image", "core", "linalg")},
}
"""Class names by module."""
FUNCTION_MODULES = ("builtins", "keras.activations", "keras.src.activations.activations")
