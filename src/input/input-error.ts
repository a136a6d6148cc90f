/** Something is wrong with a file that the user gave; the message says where in it. */
export class InputError extends Error {
  override readonly name = "InputError";
}
