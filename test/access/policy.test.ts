import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CredentialFault } from "../../src/api/access/credential-fault.ts";
import { denialBy } from "../../src/api/access/denial.ts";
import { userCaller } from "../../src/api/access/callers.ts";
import type { Decision } from "../../src/api/access/policy.ts";
import { decide, parsePolicy } from "../../src/api/access/policy.ts";
import { matchesWildcard } from "../../src/core/wildcard.ts";

const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/a";
const JOBS = "arn:aws:batch:us-east-1:123456789012:job/x";

function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

const allow = (action: unknown, resource: unknown = "*"): object => ({
  Effect: "Allow",
  Action: action,
  Resource: resource,
});
const deny = (action: unknown, resource: unknown = "*"): object => ({
  Effect: "Deny",
  Action: action,
  Resource: resource,
});

const DECISIONS: readonly [what: string, statements: object[], action: string, resource: string, Decision][] = [
  ["no statement is about it", [allow("batch:ListJobs")], "batch:SubmitJob", QUEUE, "not allowed"],
  ["the action itself", [allow("batch:SubmitJob")], "batch:SubmitJob", QUEUE, "allowed"],
  ["actions have no case", [allow("BATCH:submitjob")], "batch:SubmitJob", QUEUE, "allowed"],
  ["a star at the end of an action", [allow("batch:Describe*")], "batch:DescribeJobs", "*", "allowed"],
  ["a star within an action", [allow("batch:*Job")], "batch:SubmitJobs", QUEUE, "not allowed"],
  ["a question mark is one character", [allow("batch:ListJob?")], "batch:ListJobs", "*", "allowed"],
  ["a question mark is not none", [allow("batch:ListJobs?")], "batch:ListJobs", "*", "not allowed"],
  ["all actions of a service are not those of another", [allow("batch:*")], "logs:GetLogEvents", "*", "not allowed"],
  ["all actions", [allow("*")], "logs:GetLogEvents", "*", "allowed"],
  ["one action of a list", [allow(["batch:X", "batch:SubmitJob"])], "batch:SubmitJob", QUEUE, "allowed"],
  ["all but", [{ Effect: "Allow", NotAction: "batch:Delete*", Resource: "*" }], "batch:SubmitJob", QUEUE, "allowed"],
  [
    "all but, this one",
    [{ Effect: "Allow", NotAction: ["batch:Delete*"], Resource: "*" }],
    "batch:DeleteJobQueue",
    QUEUE,
    "not allowed",
  ],
  ["another resource", [allow("batch:*", `${QUEUE}b`)], "batch:SubmitJob", QUEUE, "not allowed"],
  ["a resource by name", [allow("batch:*", QUEUE)], "batch:SubmitJob", QUEUE, "allowed"],
  ["resources have case", [allow("batch:*", QUEUE.replace("/a", "/A"))], "batch:SubmitJob", QUEUE, "not allowed"],
  ["a star in a resource", [allow("batch:*", "arn:aws:batch:*:*:job-queue/*")], "batch:SubmitJob", QUEUE, "allowed"],
  ["a question mark in a resource", [allow("batch:*", QUEUE.replace("/a", "/?"))], "batch:SubmitJob", QUEUE, "allowed"],
  ["another region", [allow("batch:*", QUEUE.replace("us-east-1", "eu-*"))], "batch:SubmitJob", QUEUE, "not allowed"],
  [
    "a star does not reach over a colon",
    [allow("batch:*", "arn:aws:batch:*:job-queue/a")],
    "batch:SubmitJob",
    QUEUE,
    "not allowed",
  ],
  [
    "but it does in the resource's own part",
    [allow("batch:*", JOBS.replace("/x", "/*"))],
    "batch:CancelJob",
    `${JOBS}:3`,
    "allowed",
  ],
  ["an ARN that ends early", [allow("batch:*", "arn:aws:batch")], "batch:SubmitJob", QUEUE, "allowed"],
  ["actions on everything need a star", [allow("batch:*", QUEUE)], "batch:DescribeJobs", "*", "not allowed"],
  ["any ARN is not everything", [allow("batch:*", "arn:aws:batch:*:*:*")], "batch:DescribeJobs", "*", "not allowed"],
  [
    "all resources but",
    [{ Effect: "Allow", Action: "*", NotResource: `${QUEUE}b` }],
    "batch:SubmitJob",
    QUEUE,
    "allowed",
  ],
  [
    "all resources but, this one",
    [{ Effect: "Allow", Action: "*", NotResource: [QUEUE] }],
    "batch:SubmitJob",
    QUEUE,
    "not allowed",
  ],
  ["a deny wins, before", [deny("batch:Submit*"), allow("*")], "batch:SubmitJob", QUEUE, "denied explicitly"],
  ["a deny wins, after", [allow("*"), deny("*", QUEUE)], "batch:SubmitJob", QUEUE, "denied explicitly"],
  ["a deny of something else", [allow("*"), deny("*", `${QUEUE}b`)], "batch:SubmitJob", QUEUE, "allowed"],
  ["a deny alone allows nothing", [deny("batch:ListJobs")], "batch:SubmitJob", QUEUE, "not allowed"],
];

test("decisions: explicit deny, then allow, else not; wildcards as IAM reads them", () => {
  for (const [what, statements, action, resource, decision] of DECISIONS) {
    assert.equal(decide(parsePolicy(policyOf(...statements)), action, resource), decision, what);
  }
});

test("a policy may have one statement without a list, an Id and a Sid, the older version or none", () => {
  const texts = [
    JSON.stringify({ Statement: allow("*") }),
    JSON.stringify({ Version: "2008-10-17", Id: "x", Statement: [{ Sid: "One1", ...allow("*") }] }),
  ];
  for (const text of texts) assert.equal(decide(parsePolicy(text), "batch:ListJobs", "*"), "allowed");
});

const FAULTS: readonly [text: string, message: string | RegExp][] = [
  ["{", /^The policy is not JSON: /],
  ["[]", "The policy must be a JSON object with Version and Statement."],
  ["null", "The policy must be a JSON object with Version and Statement."],
  [
    JSON.stringify({ Statement: [allow("*", "arn:aws:s3:::".padEnd(6_200, "x"))] }),
    "The policy is longer than 6144 characters.",
  ],
  [JSON.stringify({ Version: "2012-10-18", Statement: [] }), 'Version must be "2012-10-17", not "2012-10-18".'],
  [JSON.stringify({ Id: 1, Statement: [] }), "Id must be a string."],
  [JSON.stringify({ Version: "2012-10-17" }), "Statement must have at least one statement."],
  [JSON.stringify({ Statement: [] }), "Statement must have at least one statement."],
  [JSON.stringify({ Statements: [] }), "Statements is not supported. Supported are Version, Id, Statement."],
  [policyOf(["x"]), "Statement[0] must be an object."],
  [
    policyOf({ ...allow("*"), Condition: {} }),
    "Statement[0].Condition is not supported. Supported are Sid, Effect, Action, NotAction, Resource, NotResource.",
  ],
  [policyOf({ ...allow("*"), Principal: "*" }), /^Statement\[0\]\.Principal is not supported\./],
  [policyOf({ ...allow("*"), Sid: "a-b" }), "Statement[0].Sid must be letters and digits."],
  [policyOf(allow("*"), { ...allow("*"), Effect: "allow" }), 'Statement[1].Effect must be "Allow" or "Deny".'],
  [policyOf({ Effect: "Allow", Resource: "*" }), "Statement[0] must have exactly one of Action and NotAction."],
  [policyOf({ ...allow("*"), NotAction: "*" }), "Statement[0] must have exactly one of Action and NotAction."],
  [policyOf({ Effect: "Allow", Action: "*" }), "Statement[0] must have exactly one of Resource and NotResource."],
  [policyOf(allow([])), "Statement[0].Action must not be empty."],
  [
    policyOf(allow("SubmitJob")),
    'Statement[0].Action must be "*" or like "batch:SubmitJob" or "batch:Describe*", not "SubmitJob".',
  ],
  [policyOf(allow(["*", 1])), "Statement[0].Action[1] must be a string."],
  [
    policyOf(allow("*", "job-queue/a")),
    'Statement[0].Resource must be "*" or an ARN, in which * and ? may stand, not "job-queue/a".',
  ],
  [
    policyOf(allow("*", ["arn:aws:iam::1:user/${aws:username}"])),
    'Statement[0].Resource[0]: policy variables are not supported: "arn:aws:iam::1:user/${aws:username}".',
  ],
  [policyOf({ Effect: "Allow", Action: "*", NotResource: {} }), "Statement[0].NotResource must be a string."],
];

test("a policy that would not be evaluated as it reads is refused, and says where", () => {
  for (const [text, message] of FAULTS) {
    assert.throws(
      () => parsePolicy(text),
      (error: unknown) => {
        assert.ok(error instanceof CredentialFault);
        if (typeof message === "string") assert.equal(error.message, message);
        else assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("wildcards match what the same regular expression matches, in time that grows with the lengths only", () => {
  const piece = fc.constantFrom("a", "b", "*", "?", "-");
  const oracle = (pattern: string): RegExp => new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.string({ unit: fc.constantFrom("a", "b", "-", "\n"), maxLength: 12 }),
      (pieces, text) => {
        const pattern = pieces.join("");
        assert.equal(matchesWildcard(pattern, text), oracle(pattern).test(text), JSON.stringify([pattern, text]));
      },
    ),
    { numRuns: 2_000 },
  );
  assert.equal(matchesWildcard("*a".repeat(1_000), "a".repeat(3_000) + "b"), false);
});

test("a refusal says who may not do what to what, and why, in AWS's words", () => {
  const caller = userCaller("123456789012", "ann", "LSAKX");
  const denial = denialBy(parsePolicy(policyOf(allow("batch:ListJobs"), deny("batch:Cancel*"))), caller);
  const prefix = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform:";
  const implicit = denial("batch:SubmitJob", QUEUE);
  const explicit = denial("batch:CancelJob", JOBS);
  assert.deepEqual(
    [implicit?.code, implicit?.status, implicit?.message],
    [
      "AccessDeniedException",
      403,
      `${prefix} batch:SubmitJob on resource: ${QUEUE} because no identity-based policy allows the batch:SubmitJob action`,
    ],
  );
  assert.equal(
    explicit?.message,
    `${prefix} batch:CancelJob on resource: ${JOBS} with an explicit deny in an identity-based policy`,
  );
  assert.equal(denial("batch:ListJobs", "*"), undefined);
  assert.equal(denialBy(undefined, caller)("batch:SubmitJob", QUEUE), undefined);
});
