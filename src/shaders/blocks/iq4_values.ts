/** What IQ4_NL and IQ4_XS share: the values that their nibbles stand for, denser around zero, as weights are. */
export const IQ4_VALUES = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
