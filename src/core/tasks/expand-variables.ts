/**
 * Replaces `$(NAME)` by the variable's value, as Kubernetes does in a container's command and args: `$$` stands for one dollar sign, so that `$$(NAME)`
 * stays `$(NAME)`; the name of a variable that is not there stays as it is.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(variables, name) ? variables[name]! : match;
  });
}
