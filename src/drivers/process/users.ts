/** Somebody else than the server's user, whom an attempt runs as. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  /** The other groups. */
  readonly groups: readonly number[];
  /** Absent for a number that is nobody's. */
  readonly name?: string;
  readonly home: string;
}

/** The system's files of users and groups, as texts. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

/**
 * `user` has the form that containers take: a name or a number, then perhaps a colon and a group's name or number. A number need not be in the files.
 * Returns what is wrong in the words of container engines.
 */
export function findUser(user: string, files: UserFiles): RunAs | string {
  const [who = "", whichGroup] = user.split(":");
  const entry = entries(files.passwd).find(([name, , uid]) => name === who || uid === who);
  if (entry === undefined && !isNumber(who)) return `unable to find user ${who}: no matching entries in passwd file`;
  const [name, , uid = who, ownGroup = who, , home = ""] = entry ?? [];
  const groups = entries(files.group);
  const base = { uid: Number(uid), ...(name !== undefined && { name }), home: home === "" ? "/" : home };
  if (whichGroup === undefined || whichGroup === "") {
    const others = groups.filter(([, , , members = ""]) => name !== undefined && members.split(",").includes(name));
    return { ...base, gid: Number(ownGroup), groups: others.map(([, , gid]) => Number(gid)) };
  }
  const group = groups.find(([groupName, , gid]) => groupName === whichGroup || gid === whichGroup)?.[2];
  if (group === undefined && !isNumber(whichGroup))
    return `unable to find group ${whichGroup}: no matching entries in group file`;
  return { ...base, gid: Number(group ?? whichGroup), groups: [] };
}

/** What the user's own variables are, where the attempt sets none. */
export function userVariables({ name, home }: RunAs): Record<string, string> {
  return { HOME: home, ...(name !== undefined && { USER: name, LOGNAME: name }) };
}

/** The arguments of setpriv(1). */
export function setprivArguments({ uid, gid, groups }: RunAs): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`];
}

function entries(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
