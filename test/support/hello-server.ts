/** Scripts of servers in containers of the test image. */

/** Waits until somebody listens at the port. */
export const untilListening = (port: number): string => `until netstat -ltn | grep -q ':${port} '; do sleep 0.02; done`;

/** Says "ready" once it listens, and from then on "hello" to everyone who asks: it listens all the time, also between two. */
export const helloServer = (port: number): string =>
  `nc -ll -p ${port} -e echo hello & ${untilListening(port)}; echo ready; wait`;

/** The same for the first who asks; then it ends. */
export const helloOnce = (port: number): string =>
  `echo hello | nc -l -p ${port} & ${untilListening(port)}; echo ready; wait`;
