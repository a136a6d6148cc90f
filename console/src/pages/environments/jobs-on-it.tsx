import { JobLink } from "../../components/resources/page-link.tsx";

const MOST_SHOWN = 5;

export interface JobsOnItProps {
  readonly ids: readonly string[];
  readonly names: ReadonlyMap<string, string>;
}

/** The jobs that hold a part of an instance or a host. */
export function JobsOnIt({ ids, names }: JobsOnItProps) {
  if (ids.length === 0) return "Nothing";
  return (
    <ul style={{ margin: 0, paddingInlineStart: 0, listStyle: "none" }}>
      {ids.slice(0, MOST_SHOWN).map((id) => (
        <li key={id}>
          <JobLink id={id} name={labelOf(id, names)} />
        </li>
      ))}
      {ids.length > MOST_SHOWN && <li>and {ids.length - MOST_SHOWN} more</li>}
    </ul>
  );
}

/** Of children and nodes the name and the number. */
function labelOf(id: string, names: ReadonlyMap<string, string>): string {
  const [owner, part] = id.split(/[:#]/);
  const name = names.get(id) ?? names.get(owner!) ?? `${id.slice(0, 8)}…`;
  return part === undefined ? name : `${name} [${part}]`;
}
