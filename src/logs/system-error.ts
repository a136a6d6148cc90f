/** What the operating system refused (no such file, disk full), as opposed to a mistake in the program. */
export function isSystemError(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && "syscall" in error && (code === undefined || ("code" in error && error.code === code))
  );
}
