"""Short, complete programs that use an exported network; the tests run them.

Each takes the name of an image file, resizes it and prints the classes. Only convscope itself finds the digit in a photo
and centres it; a comment in the program says so where it matters.
"""

import json
from pathlib import Path

from ..models.predictor import INPUTS, LOGITS
from .metadata import METADATA_FILE, NAME, ModelMetadata

IMAGE_FILE = "image.png"
PYTHON, JAVASCRIPT = "Python", "JavaScript"

PREPARE = f"""\
height, width, channels = about["image_shape"]
image = Image.open(sys.argv[1] if sys.argv[1:] else "{IMAGE_FILE}").convert("L" if channels == 1 else "RGB")
# {{note}}
pixels = np.asarray(image.resize((width, height)), np.float32) * np.float32(about["pixel_scale"])
inputs = pixels.reshape(1, height, width, channels)
"""

PRINT = """\
scaled = logits / (about["temperature"] or 1)
probabilities = np.exp(scaled - scaled.max()) / np.exp(scaled - scaled.max()).sum()
for index in np.argsort(-probabilities)[:3]:
    print(f"{about['class_names'][index]}: {probabilities[index]:.2%}")
"""

OPENING = {
    "onnx": f"""\
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession({{path}})
about = json.loads(session.get_modelmeta().custom_metadata_map["{NAME}"])
""",
    "keras": f"""\
import json
import sys
import zipfile

import keras
import numpy as np
from PIL import Image

model = keras.saving.load_model({{path}})
about = json.loads(zipfile.ZipFile({{path}}).read("metadata.json"))["{NAME}"]
""",
    "saved_model": f"""\
import json
import pathlib
import sys

import numpy as np
import tensorflow as tf
from PIL import Image

model = tf.saved_model.load({{path}})
about = json.loads(pathlib.Path({{path}}, "assets.extra", "{METADATA_FILE}").read_text("utf-8"))
""",
    "litert": f"""\
import json
import sys
import zipfile

import numpy as np
from PIL import Image

try:
    from ai_edge_litert.interpreter import Interpreter  # pip install ai-edge-litert
except ImportError:
    import tensorflow as tf

    Interpreter = tf.lite.Interpreter

run = Interpreter({{path}}).get_signature_runner()
about = json.loads(zipfile.ZipFile({{path}}).read("{METADATA_FILE}"))
""",
}

COMPUTE_LOGITS = {
    "onnx": f'logits = session.run(["{LOGITS}"], {{"{INPUTS}": inputs}})[0][0]\n',
    "keras": "logits = np.log(np.maximum(model(inputs), 1e-38))[0]  # the network returns probabilities\n",
    "saved_model": f'logits = model.serve(inputs)["{LOGITS}"].numpy()[0]\n',
    "litert": f'logits = run(**{{name: inputs for name in run.get_input_details()}})["{LOGITS}"][0]\n',
}

ON_THE_WEB = """\
import * as ort from "onnxruntime-web";

const about = {about};
const session = await ort.InferenceSession.create({path});

// RGBA values 0..255 of a canvas of the network's size, to the network's input
export function toInputs(rgba) {{
  const [height, width, channels] = about.image_shape;
  const inputs = new Float32Array(height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) {{
    const [red, green, blue] = rgba.subarray(4 * pixel, 4 * pixel + 3);
    const levels = channels === 1 ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue];
    levels.forEach((level, channel) => {{ inputs[pixel * channels + channel] = level * about.pixel_scale; }});
  }}
  return inputs;
}}

// image: an <img>, a <video> or a <canvas>; {note}
export async function classify(image) {{
  const [height, width] = about.image_shape;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const inputs = toInputs(context.getImageData(0, 0, width, height).data);
  const {{logits}} = await session.run({{{inputs}: new ort.Tensor("float32", inputs, [1, ...about.image_shape])}});
  const powers = [...logits.data].map(logit => Math.exp((logit - Math.max(...logits.data)) / (about.temperature ?? 1)));
  const sum = powers.reduce((one, other) => one + other);
  return about.class_names.map((name, index) => ({{name, probability: powers[index] / sum}}));
}}
"""


def snippets(format_name: str, path: Path, metadata: ModelMetadata) -> dict[str, str]:
    """Return programs that use the network at ``path``, by language."""
    opening = OPENING[format_name].format(path=json.dumps(str(path), ensure_ascii=False))
    python = opening + PREPARE.format(note=_note(metadata)) + COMPUTE_LOGITS[format_name] + PRINT
    if format_name != "onnx":
        return {PYTHON: python}
    kept = ("class_names", "image_shape", "pixel_scale", "temperature")
    about = {name: value for name, value in metadata.as_dict().items() if name in kept}
    literals = {"about": json.dumps(about, ensure_ascii=False), "path": json.dumps(path.name, ensure_ascii=False)}
    web = ON_THE_WEB.format(**literals, inputs=INPUTS, note=_note(metadata))
    return {PYTHON: python, JAVASCRIPT: web}


def _note(metadata: ModelMetadata) -> str:
    words = metadata.polarity or "like the training images"
    if metadata.digits is not None:
        one = metadata.content.removesuffix("s")
        return f"{words}, one {one}, centred as in the training set; convscope predict does that for a photo"
    return words
