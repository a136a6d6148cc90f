import type { ShareStanding, ShareTurns } from "../../../../../src/core/explain/share-standings.ts";

const SHOWN = 20;

/** The shares that are served before a job's own, the next one first. */
export function ShareTurnsTable({ turns: { own, before } }: { readonly turns: ShareTurns }) {
  const more = before.length - SHOWN;
  return (
    <>
      <div className="waiting-table">
        <table>
          <thead>
            <tr>
              <th scope="col">Turn</th>
              <th scope="col">Share</th>
              <th scope="col">Used, vCPU-seconds</th>
              <th scope="col">Weight</th>
            </tr>
          </thead>
          <tbody>
            {before.slice(0, SHOWN).map((standing, index) => (
              <Row key={standing.share} turn={String(index + 1)} standing={standing} />
            ))}
            <Row turn={`${before.length + 1}, this job's own`} standing={own} />
          </tbody>
        </table>
      </div>
      {more > 0 && <p>{more} more shares come before its own.</p>}
    </>
  );
}

function Row({ turn, standing }: { readonly turn: string; readonly standing: ShareStanding }) {
  return (
    <tr>
      <td>{turn}</td>
      <td>{standing.share}</td>
      <td>{Math.round(standing.usedVcpuSeconds).toLocaleString("en-GB")}</td>
      <td>{standing.weight}</td>
    </tr>
  );
}
