/** Where ECS's agent gives containers their role's credentials: the one address, beside loopback ones, from which SDKs take them without TLS. */
export const CREDENTIALS_ADDRESS = "169.254.170.2";

const TAKEN_FROM = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|169\.254\.170\.2)(:\d+)?$/;

/** Whether SDKs take credentials from a server at this URL. */
export function givesCredentials(url: string): boolean {
  return TAKEN_FROM.test(url);
}
