import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSubnet, freeSubnet, overlap, parseSubnet } from "../../../src/drivers/docker/networks/subnets.ts";

const subnet = (text: string) => parseSubnet(text)!;

function free(range: string, members: number, inUse: readonly string[] = [], seed = 0): string | undefined {
  const found = freeSubnet(subnet(range), members, inUse.map(subnet), seed);
  return found && formatSubnet(found);
}

test("subnets are read and written; bits behind the prefix are cut off", () => {
  assert.deepEqual(
    ["10.1.2.3/8", "255.255.255.255/32", "0.0.0.0/0", "192.168.77.130/25"].map((text) => formatSubnet(subnet(text))),
    ["10.0.0.0/8", "255.255.255.255/32", "0.0.0.0/0", "192.168.77.128/25"],
  );
  for (const text of ["", "10.0.0.0", "10.0.0/8", "10.0.0.256/8", "10.0.0.0/33", "fd00::/8", " 10.0.0.0/8"]) {
    assert.equal(parseSubnet(text), undefined, text);
  }
});

test("two overlap when one is in the other", () => {
  const pairs = [
    ["10.0.0.0/8", "10.200.0.0/16", true],
    ["10.0.0.0/25", "10.0.0.128/25", false],
    ["0.0.0.0/0", "172.17.0.0/16", true],
    ["172.16.0.0/12", "172.32.0.0/16", false],
  ] as const;
  for (const [a, b, expected] of pairs) {
    assert.deepEqual([overlap(subnet(a), subnet(b)), overlap(subnet(b), subnet(a))], [expected, expected], `${a} ${b}`);
  }
});

test("a subnet is as large as its members need, with the network's own three addresses", () => {
  const sizes = [2, 61, 62, 125, 126, 1000].map((members) => free("10.213.0.0/16", members)?.split("/")[1]);
  assert.deepEqual(sizes, ["26", "26", "25", "25", "24", "22"]);
});

test("the search begins where the seed says, passes what is in use, and comes round", () => {
  assert.equal(free("10.0.0.0/24", 2, [], 2), "10.0.0.128/26");
  assert.equal(free("10.0.0.0/24", 2, ["10.0.0.128/25"], 2), "10.0.0.0/26");
  assert.equal(free("10.0.0.0/24", 2, ["10.0.0.0/24"], 1), undefined);
  assert.equal(free("10.0.0.0/24", 1000), undefined, "larger than the range");
});
