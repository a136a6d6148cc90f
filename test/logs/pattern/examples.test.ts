import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePattern } from "../../../src/api/logs/pattern/pattern.ts";

/** A pattern, and the numbers of the events that it matches. */
type Example = readonly [pattern: string, matching: readonly number[]];

function check(events: readonly string[], examples: readonly Example[]): void {
  for (const [pattern, expected] of examples) {
    const matches = compilePattern(pattern);
    const found = events.flatMap((event, index) => (matches(event) ? [index] : []));
    assert.deepEqual(found, expected, pattern);
  }
}

test("terms: all of them, one of them, none of them", () => {
  const events = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[INFO] REQUEST a-b",
    'say "hi" \\o/',
    "x",
  ];
  check(events, [
    ["", [0, 1, 2, 3, 4]],
    ["  ", [0, 1, 2, 3, 4]],
    ['" "', [0, 1, 2, 3, 4]],
    ["ERROR", [0, 1]],
    ["ERR", [0, 1]],
    ["error", []],
    ["ERROR ARGUMENTS", [1]],
    ["?INFO ?ARGUMENTS", [1, 2]],
    ["?BAD REQUEST", [0, 2]],
    ["?BAD -ERROR", [2, 3, 4]],
    ['"BAD REQUEST"', [0]],
    ['?"BAD REQUEST" ?x', [0, 4]],
    ["ERROR -ARGUMENTS", [0]],
    ['"ERROR" - "BAD"', [1]],
    ["a-b", [2]],
    ['"say \\"hi\\""', [3]],
    ['"\\\\o/"', [3]],
    ["%ERR.R 4[0-9]0%", [0]],
    ["%^x$% ", [4]],
    ["?%^x$% ?%INFO%", [2, 4]],
    ["ERROR -%4.9%", [0]],
  ]);
});

test("JSON: AWS's own examples", () => {
  const trail = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
    "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"cluster.name":"c"}`;
  const user = `{"user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"},
    {"id":3,"email":"Jane.Doe@example.com"}],"actions":["GET","PUT","DELETE"],"coordinates":[[0,1,2],[4,5,6],[7,8,9]]}`;
  const numbers = `{"bandwidth":76,"latency":49.5,"errorCode":400,"number":[1000,-0.5],"text":"404","flag":false}`;
  const nonmatch = `$.coordinates[0][1] = "nonmatch"`;
  check(
    [trail, user, numbers, "not JSON", "{", "3", `["GET"]`],
    [
      [`{ $.eventType = "UpdateTrail" }`, [0]],
      [`{$.eventType=UpdateTrail}`, [0]],
      [`{ $.eventType = *Trail }`, [0]],
      [`{ $.eventType = "Update*" }`, [0]],
      [`{ $.eventType = "*dateTr*" }`, [0]],
      [`{ $.eventType = "Up*Trail" }`, []],
      [`{ $.eventType = * }`, [0]],
      [`{ $.sourceIPAddress != 123.123.* }`, [0]],
      [`{ $.sourceIPAddress != 111.* }`, []],
      [`{ $.arrayKey[0] = "value" }`, [0]],
      [`{ $.arrayKey = "value" }`, []],
      [`{ $.arrayKey != "value" }`, []],
      [`{ $.nowhere != "value" }`, []],
      [`{ $.objectList[1].id = 2 }`, [0]],
      [`{ $.objectList[2].id = 2 }`, []],
      [`{ $.objectList.id = 2 }`, []],
      [`{ $.eventType = %Trail% }`, [0]],
      [`{ $.arrayKey[*] = %val.{2}% }`, [0]],
      [`{ $.* = %111\\.111\\.111\\.1[0-9]{1,2}% }`, [0]],
      [`{ $.objectList[*].id = 2 }`, [0]],
      [`{ $.['cluster.name'] = "c" }`, [0]],
      [`{ $.SomeObject IS NULL }`, [0]],
      [`{ $.SomeObject = "null" }`, []],
      [`{ $.SomeOtherObject IS NULL }`, []],
      [`{ $.SomeOtherObject NOT EXISTS }`, [0, 1, 2, 6]],
      [`{ $.SomeObject NOT EXISTS }`, [1, 2, 6]],
      [`{ $.constructor NOT EXISTS }`, [0, 1, 2, 6]],
      [`{ $.ThisFlag IS TRUE }`, [0]],
      [`{ $.flag IS FALSE || $.ThisFlag = true }`, [0, 2]],
      [`{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }`, [1]],
      [`{ $.user.email = "John.Stiles@example.com" || ${nonmatch} && $.actions[2] = "nonmatch" }`, [1]],
      [`{ ($.user.email = "John.Stiles@example.com" || ${nonmatch}) && $.actions[2] = "nonmatch" }`, []],
      [`{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }`, []],
      [`{ $.coordinates[2][1] = 8 }`, [1]],
      [`{ $.bandwidth > 75 }`, [2]],
      [`{ $.bandwidth > 76 }`, []],
      [`{ $.latency < 50 }`, [2]],
      [`{ $.bandwidth >= 76 && $.latency <= 49.5 }`, [2]],
      [`{ $.errorCode = 400}`, [2]],
      [`{ $.errorCode = 4* }`, [2]],
      [`{ $.errorCode != 500 }`, [2]],
      [`{ $.number[0] = 1e+3 }`, [2]],
      [`{ $.number[1] = -.5 }`, [2]],
      [`{ $.number[0] != 1e-3 }`, [2]],
      [`{ $.text = 404 && $.text > +403 }`, [2]],
      [`{ $[0] = GET }`, [6]],
    ],
  );
});

test("words between blanks: AWS's own examples", () => {
  const events = [
    `127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`,
    "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
    "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
    "WARNING 09/25/2014 12:00:02 Invalid user request",
    "ERROR 09/25/2014 12:00:02 Failed to process request",
    "  one  ",
    'open "quote [and bracket',
  ];
  const ip = "ip=%127\\.0\\.0\\.[1-9]%";
  check(events, [
    [`[${ip}, user, username, timestamp, request =*.html*, status_code = 4*, bytes]`, [0]],
    [`[..., request =*.html*, status_code = 4*, bytes]`, [0]],
    [`[..., request=*.html*, status_code=4*,]`, [0]],
    [`[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]`, [0]],
    [`[ip, user, username, timestamp, request, status_code, bytes > 1533]`, [0]],
    [`[ip, user, username, timestamp = "10/Oct/2000:13:25:15 -0700", ...]`, [0]],
    [`[w1=ERROR, w2]`, [4]],
    [`[w1=ERROR]`, []],
    [`[w1=ERROR || w1=WARNING, w2]`, [3, 4]],
    [`[w1!=ERROR && w1!=WARNING, w2]`, [0, 1, 2, 6]],
    [`[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]`, [1]],
    [`[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, response_time]`, [2]],
    [`[w=one]`, [5]],
    [`[w="INFO 09*"]`, [1, 2]],
    [`[a, b=request]`, []],
    [`[..., last=request]`, [3, 4]],
    [`[first=INFO, ..., last > 1205]`, [2]],
    [`[...]`, [0, 1, 2, 3, 4, 5, 6]],
    [`[a, b, ...]`, [0, 1, 2, 3, 4, 6]],
    [`[a, b="\\"quote", c="[and", d]`, [6]],
    [`[(w1=one || w1=ERROR) && w1!=x, ...]`, [4, 5]],
  ]);
});

test("what is no pattern is refused, and says what is wrong", () => {
  const refused: [pattern: string, text: string | RegExp][] = [
    ["?Status: timeout", "Invalid character(s) in term ':'"],
    ["(reason", "Invalid character(s) in term '('"],
    ["`x", "Invalid character(s) in term '`'"],
    [`level\\":\\"error`, "Invalid character(s) in term '\\'"],
    ["SUCCESS*", "Invalid character(s) in term '*'"],
    [`{ $.message = "error", $.path = "/" }`, "Invalid character(s) in term ','"],
    [`{ $."sc-status" = 5* }`, `Invalid character(s) in term '"'`],
    [`{ $.type = 'Root' }`, "Invalid character(s) in term '''"],
    ['"open', "Invalid filter pattern: a quotation mark is not closed"],
    ["%open", "Invalid filter pattern: a % is not closed"],
    ["a -", "Invalid filter pattern: nothing follows the last ? or -"],
    ["{ }", `Invalid filter pattern: expected "$", found "}"`],
    ["{ $.x = 1", `Invalid filter pattern: expected "&&", "||" or "}", found its end`],
    ["{ $.x = 1 } y", `Invalid filter pattern: expected its end, found "y"`],
    ["{ $ = 1 }", `Invalid filter pattern: expected a field such as $.name, found "= 1 }"`],
    ["{ $.x EXISTS }", /^Invalid filter pattern: expected an operator, IS NULL/],
    ["{ $.x IS NOT NULL }", /^Invalid filter pattern: expected an operator, IS NULL/],
    ["{ $.x = }", `Invalid filter pattern: expected a value, found "}"`],
    [`{ $.x > "a" }`, "Invalid filter pattern: > compares with a number"],
    ["{ $.a[*].b[*] = 1 }", "Invalid filter pattern: more than one wildcard in a selector"],
    ["{ $.*=1 || $.*=2 || $.*=3 || $.*=4 }", "Invalid filter pattern: more than 3 wildcards"],
    ["{ $.a=%a% || $.a=%b% || $.a=%c% }", "Invalid filter pattern: more than 2 regular expressions"],
    ["{ ($.a=1 }", `Invalid filter pattern: expected ")", found "}"`],
    ["[a, b", `Invalid filter pattern: expected "]", found its end`],
    ["[..., a, ...]", "Invalid filter pattern: more than one ellipsis"],
    ["[code = 4* && bytes > 1000]", `Invalid filter pattern: expected the field's name code, found "bytes > 10"`],
    ["[a ~ 1]", `Invalid filter pattern: expected an operator, found "~ 1]"`],
    ["[a = 1] b", `Invalid filter pattern: expected its end, found "b"`],
  ];
  for (const [pattern, text] of refused) {
    assert.throws(
      () => compilePattern(pattern),
      { code: "InvalidParameterException", status: 400, message: text },
      pattern,
    );
  }
});

test("hostile texts cost time in their length only", () => {
  const size = 200_000;
  const texts = ["[ ".repeat(size), "[ ]x ".repeat(size), '" '.repeat(size), "a".repeat(4 * size), "[".repeat(size)];
  const patterns = ["[a, b=c, ...]", "%a*a*a*a*a*a*b%", "{ $.a = 1 }", "%[ab]*a[ab]{100}c%"];
  for (const pattern of patterns) {
    const matches = compilePattern(pattern);
    for (const text of texts) assert.equal(matches(text), false, `${pattern} in ${text.slice(0, 10)}`);
  }
});
