import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import type { AccessKeyRecord } from "../../ports/access-keys.ts";
import type { AccessKey } from "../../ports/credentials.ts";
import { databaseUrlOption } from "../command.ts";
import { dataDirOf } from "../connection.ts";
import type { CredentialAdmin } from "../credential-admin.ts";
import { withCredentialAdmin } from "../credential-admin.ts";
import { EXIT, Failure } from "../failure.ts";
import { modeOf, printResult, type Result } from "../output.ts";
import { moment, table } from "../text.ts";

interface Options {
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface CreateOptions extends Options {
  readonly account: string;
  readonly user: string;
  readonly policy?: string;
}

export function credentialsCommand(): Command {
  const credentials = new Command("credentials")
    .summary("create, list and revoke access keys")
    .description("The access keys that a server on this machine knows. They work at once, whether it runs or not.");
  credentials.addCommand(
    adminCommand("list")
      .summary("all access keys, also revoked ones")
      .action((options: Options) => withAdmin(options, list)),
    { isDefault: true },
  );
  credentials.addCommand(
    adminCommand("create")
      .summary("make an access key and show its secret, once")
      .option("--account <digits>", "the account that it belongs to", "123456789012")
      .option("--user <name>", "the user's name in messages and for GetCallerIdentity", "default")
      .option("--policy <file or JSON>", "what it may do, as an IAM policy (default: everything in its account)")
      .action((options: CreateOptions) => withAdmin(options, (admin) => create(admin, options))),
  );
  credentials.addCommand(
    adminCommand("revoke")
      .summary("refuse an access key from now on, and those of jobs that it submitted")
      .argument("<key id>", "access key id")
      .action((accessKeyId: string, options: Options) =>
        withAdmin(options, async (admin) => {
          const revoked = await admin.revoke(accessKeyId);
          return { data: forJson(revoked), text: `Revoked access key ${accessKeyId}.`, brief: accessKeyId };
        }),
      ),
  );
  return credentials;
}

function adminCommand(name: string): Command {
  return new Command(name)
    .option("--data-dir <dir>", "of the server (default: LONGSHORE_DATA_DIR, else ~/.longshore)")
    .addOption(databaseUrlOption())
    .option("--json", "print JSON")
    .addOption(new Option("-q, --quiet", "print only ids (create: id and secret)").conflicts("json"));
}

async function withAdmin(options: Options, run: (admin: CredentialAdmin) => Promise<Result>): Promise<void> {
  await printResult(await withCredentialAdmin({ ...options, dataDir: dataDirOf(options) }, run), modeOf(options));
}

async function create(admin: CredentialAdmin, { account, user, policy }: CreateOptions): Promise<Result> {
  const wanted = { account, user, ...(policy !== undefined && { policy: policyText(policy) }) };
  const key = await admin.create(wanted);
  return { data: forJson(key), text: newKeyText(key), brief: `${key.accessKeyId} ${key.secretAccessKey}` };
}

function policyText(fileOrJson: string): string {
  if (fileOrJson.trimStart().startsWith("{")) return fileOrJson;
  try {
    return readFileSync(fileOrJson, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The policy cannot be read: ${why}`, EXIT.usage, "Give a file, or the JSON itself.");
  }
}

function newKeyText({ accessKeyId, secretAccessKey, account, user, policy }: AccessKeyRecord & AccessKey): string {
  const may = policy === undefined ? "It may do everything there." : "It may do what its policy allows.";
  return `Access key ${accessKeyId} of user ${user} in account ${account}. ${may}
The secret is shown only now:

unset AWS_SESSION_TOKEN AWS_PROFILE
export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
}

async function list(admin: CredentialAdmin): Promise<Result> {
  const keys = await admin.list();
  const rows = keys.map(({ accessKeyId, account, user, policy, createdAt, revokedAt }) => {
    const may = policy === undefined ? "everything" : "by policy";
    return [accessKeyId, account, user, may, moment(createdAt), moment(revokedAt)];
  });
  const header = ["ACCESS KEY", "ACCOUNT", "USER", "MAY", "CREATED", "REVOKED"];
  return {
    data: { credentials: keys.map(forJson) },
    text: keys.length === 0 ? "There is no access key." : table(header, rows),
    brief: keys.map(({ accessKeyId }) => accessKeyId).join("\n"),
  };
}

/** With the policy as a document. */
function forJson(key: AccessKeyRecord): object {
  return key.policy === undefined ? key : { ...key, policy: JSON.parse(key.policy) as unknown };
}
