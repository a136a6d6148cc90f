/** As src/core/submission/parameters.ts does it: `Ref::name` anywhere in an argument. What no parameter has stays as it is. */
const REFERENCE = /Ref::((?:(?!Ref::)[A-Za-z0-9_-])+(?:\.(?:(?!Ref::)[A-Za-z0-9_-])+)*)/g;

export function withParameters(command: readonly string[], parameters: Readonly<Record<string, string>>): string[] {
  return command.map((argument) =>
    argument.replaceAll(REFERENCE, (whole, reference: string) => {
      for (let end = reference.length; end > 0; end = reference.lastIndexOf(".", end - 1)) {
        const name = reference.slice(0, end);
        if (Object.hasOwn(parameters, name)) return parameters[name]! + reference.slice(end);
      }
      return whole;
    }),
  );
}
