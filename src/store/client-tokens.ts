import type { ClientToken, ClientTokenTable } from "../ports/store.ts";
import { TokenTaken } from "../ports/store.ts";
import type { Database, Statement, Written } from "./database.ts";
import { statement } from "./database.ts";

/** Each new token clears away some that have expired, so that the table holds little more than those that have not. */
const MAX_CLEARED = 20;

export function clientTokenTable(database: Database): ClientTokenTable {
  return {
    async find({ scope, operation, token, now }) {
      const [row] = await database.read(
        `SELECT fingerprint, answer FROM client_tokens
         WHERE scope = ? AND operation = ? AND token = ? AND expires_at > ?`,
        [scope, operation, token, now],
      );
      return row && { fingerprint: String(row["fingerprint"]), answer: String(row["answer"]) };
    },
  };
}

/**
 * Runs the statements in one transaction with the keeping of the token. Rejects with TokenTaken, and nothing is done, when the token was used.
 * `unless` sees what the statements alone have written.
 */
export async function writeOnce(
  database: Database,
  token: ClientToken | undefined,
  statements: readonly Statement[],
  unless: (written: readonly Written[]) => Error | undefined = () => undefined,
): Promise<readonly Written[]> {
  if (token === undefined) return database.write(statements, unless);
  const [keep, clear] = [keepToken(token), clearExpired(token.now)];
  const written = await database.write([keep, clear, ...statements], ([kept, , ...rest]) =>
    kept!.changes === 1 ? unless(rest) : new TokenTaken(`the token of ${token.operation} was used`),
  );
  return written.slice(2);
}

function keepToken({ scope, operation, token, fingerprint, answer, now, expiresAt }: ClientToken): Statement {
  return statement(
    `INSERT INTO client_tokens (scope, operation, token, fingerprint, answer, expires_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope, operation, token) DO UPDATE
       SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at
       WHERE client_tokens.expires_at <= ?`,
    ...[scope, operation, token, fingerprint, answer, expiresAt, now],
  );
}

function clearExpired(now: number): Statement {
  return statement(
    `DELETE FROM client_tokens WHERE (scope, operation, token) IN
       (SELECT scope, operation, token FROM client_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ...[now, MAX_CLEARED],
  );
}
