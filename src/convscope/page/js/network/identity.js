import {placeOf} from "./shape.js";

/**
 * Layers that copy their input: Flatten and Reshape change the shape; Dropout and its kin act in training only; ReLU,
 * Softmax and Activation apply an activation function only.
 */

/** @type {import("./layers.js").LayerKind} */
export const IDENTITY = {
  keepsPlaces: true,
  copies: true,
  run: (layer, input, output) => output.set(input),
  pullBack: (layer, gradient) => gradient,
  explain: explainIdentity,
};

function explainIdentity({inputShape}, input, place, offset) {
  return {kind: "copy", from: placeOf(inputShape, offset), value: input[offset], before: input[offset]};
}
