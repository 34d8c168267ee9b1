/**
 * The colour scales of the page, as tables of 256 colours: what `paint` looks up. Pure: no DOM.
 *
 * A table is 1,024 bytes: red, green, blue and opacity for each of 256 steps, as a canvas stores its pixels.
 *
 * The sequential one is viridis, by S. van der Walt, N. Smith and E. Firing, in the public domain (CC0); this prints it:
 *   python -c "from matplotlib import colormaps as c; print(c['viridis'](range(256), bytes=True)[:, :3].tobytes().hex())"
 * The diverging one is RdBu turned round, red for more than zero and blue for less, by Cynthia Brewer (colorbrewer.org,
 * Apache 2.0). The figures use both. The ends of RdBu are dark and would drown on a dark page; there ours stands in, where
 * zero is dark and much is bright, while warm and cool mean the same: in OKLab, the lightness of its knots climbs from 0.24
 * to 0.84 in equal steps on both sides, and the hue goes from 262° to 235° below zero and from 25° to 50° above.
 */

const VIRIDIS = [
  "44015444025544035745055845065a45085b46095c460b5e460c5f460e61470f6247116347126547146647156747166947186a48196b481a6c",
  "481c6e481d6f481e70482071482172482273482374472575472676472777472878472a79472b7a472c7b462d7c462f7c46307d46317e45327f",
  "45347f453580453681443781443982433a83433b83433c84423d84423e854240854141864142864043874044873f45873f47883e48883e4989",
  "3d4a893d4b893d4c893c4d8a3c4e8a3b508a3b518a3a528b3a538b39548b39558b38568b38578c37588c37598c365a8c365b8c355c8c355d8c",
  "345e8d345f8d33608d33618d32628d32638d31648d31658d31668d30678d30688d2f698d2f6a8d2e6b8e2e6c8e2e6d8e2d6e8e2d6f8e2c708e",
  "2c718e2c728e2b738e2b748e2a758e2a768e2a778e29788e29798e287a8e287a8e287b8e277c8e277d8e277e8e267f8e26808e26818e25828e",
  "25838d24848d24858d24868d23878d23888d23898d22898d228a8d228b8d218c8d218d8c218e8c208f8c20908c20918c1f928c1f938b1f948b",
  "1f958b1f968b1e978a1e988a1e998a1e998a1e9a891e9b891e9c891e9d881e9e881e9f881ea0871fa1871fa2861fa38620a48520a58521a685",
  "21a78422a78423a88323a98224aa8225ab8126ac8127ad8028ae7f29af7f2ab07e2bb17d2cb17d2eb27c2fb37b30b47a32b57a33b67935b778",
  "36b87738b97639b9763bba753dbb743ebc7340bd7242be7144be7045bf6f47c06e49c16d4bc26c4dc26b4fc36951c46853c56755c66657c665",
  "59c7645bc8625ec96160c96062ca5f64cb5d67cc5c69cc5b6bcd596dce5870ce5672cf5574d05477d05279d1517cd24f7ed24e81d34c83d34b",
  "86d44988d5478bd5468dd64490d64392d74195d73f97d83e9ad83c9dd93a9fd938a2da37a5da35a7db33aadb32addc30afdc2eb2dd2cb5dd2b",
  "b7dd29bade27bdde26bfdf24c2df22c5df21c7e01fcae01ecde01dcfe11cd2e11bd4e11ad7e219dae218dce218dfe318e1e318e4e318e7e419",
  "e9e419ece41aeee51bf1e51cf3e51ef6e61ff8e621fae622fde724",
].join("");
const RED_BLUE = [
  "053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f",
];
const BRIGHT_BLUE_RED = [
  "8dd5fe", "1daffe", "1a86d0", "276099", "283e5c", "1f1f1f", "58312a", "914330", "c65d36", "f47f47", "feb892",
];

/** For activations and other values that start at 0. */
export const SEQUENTIAL_TABLE = tableOf(channelsOf(VIRIDIS));

/** For signed values on a light page. */
export const DIVERGING_TABLE = tableOf(channelsBetween(RED_BLUE));

/** For signed values on a dark page. */
export const DIVERGING_DARK_TABLE = tableOf(channelsBetween(BRIGHT_BLUE_RED));

/** For images, from black to white. */
export const GREY_TABLE = tableOf(Array.from({length: 256}, (_, step) => [step, step, step]));

/** @param {string} digits six hexadecimal ones for each colour */
function channelsOf(digits) {
  return digits.match(/.{6}/g).map((colour) => colour.match(/../g).map((pair) => parseInt(pair, 16)));
}

/** Return 256 colours, linear between the knots and truncated to integers as matplotlib does. */
function channelsBetween(knots) {
  const colours = channelsOf(knots.join(""));
  return Array.from({length: 256}, (_, step) => {
    const place = (step / 255) * (colours.length - 1);
    const before = Math.min(Math.floor(place), colours.length - 2);
    return colours[before].map((level, channel) => level + (place - before) * (colours[before + 1][channel] - level));
  });
}

function tableOf(colours) {
  return Uint8Array.from(colours.flatMap((colour) => [...colour, 255]));
}
