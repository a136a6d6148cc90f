/** An access key that cannot be made as it was asked for; the message names the member and says what would be right. */
export class CredentialFault extends Error {
  override readonly name = "CredentialFault";
}
