import type { AccessKeyTable, StoredKey } from "../ports/access-keys.ts";
import type { Database, Row } from "./database.ts";
import { statement, telling } from "./database.ts";
import { seal, unseal } from "./sealing.ts";

/** @param sealingKey 32 bytes that are not in this database: the secrets are encrypted with it. */
export function accessKeyTable(database: Database, sealingKey: Buffer): AccessKeyTable {
  return {
    async all() {
      const rows = await database.read(`SELECT * FROM access_keys ORDER BY created_at, access_key_id`);
      return rows.map((row) => toStoredKey(row, sealingKey));
    },
    async insert({ accessKeyId, account, user, policy, createdAt }, secretAccessKey) {
      await database.write([
        statement(
          `INSERT INTO access_keys (access_key_id, account, user_name, policy, secret, created_at)
           VALUES (?, ?, ?, ?, ?, ?)`,
          ...[accessKeyId, account, user, policy ?? null, seal(sealingKey, accessKeyId, secretAccessKey), createdAt],
        ),
        ...telling(database, "keys"),
      ]);
    },
    async revoke(accessKeyId, now) {
      const [written] = await database.write([
        statement(
          `UPDATE access_keys SET secret = NULL, revoked_at = ? WHERE access_key_id = ? AND revoked_at IS NULL`,
          ...[now, accessKeyId],
        ),
        ...telling(database, "keys"),
      ]);
      return written!.changes === 1;
    },
  };
}

function toStoredKey(row: Row, sealingKey: Buffer): StoredKey {
  const accessKeyId = String(row["access_key_id"]);
  const { policy = null, secret = null, revoked_at: revokedAt = null } = row;
  return {
    accessKeyId,
    account: String(row["account"]),
    user: String(row["user_name"]),
    createdAt: Number(row["created_at"]),
    ...(policy !== null && { policy: String(policy) }),
    ...(revokedAt !== null && { revokedAt: Number(revokedAt) }),
    ...(secret !== null && { secretAccessKey: unseal(sealingKey, accessKeyId, String(secret)) }),
  };
}
