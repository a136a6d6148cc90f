/**
 * Error texts of CloudWatch Logs. They are AWS's own, seen in its answers or its documentation, but for those behind "ours", which stay as they
 * are from now on.
 */
export const TEXTS = {
  noGroup: "The specified log group does not exist.",
  noStream: "The specified log stream does not exist.",
  groupExists: "The specified log group already exists",
  streamExists: "The specified log stream already exists",
  nextToken: "The specified nextToken is invalid.",
  nameAndArn: "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
  prefixAndPattern: "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
  orderedWithPrefix: "Cannot order by LastEventTime with a logStreamNamePrefix.",
  protected: "Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
  notChronological: "Log events in a single PutLogEvents request must be in chronological order.",
  tooLongSpan: "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
  tooLarge: (bytes: number, max: number) => `Upload too large: ${bytes} bytes exceeds limit of ${max}`,
  tooManyTags: "A resource can have no more than 50 tags.",
  // Ours
  noGroupNamed: "Specify logGroupName or logGroupIdentifier.",
  namesAndPrefix: "Specify either logStreamNames or logStreamNamePrefix, not both.",
  identifiersAlone: "logGroupIdentifiers cannot be combined with another filter.",
  notGroupArn: (arn: string) => `Not the ARN of a log group: ${arn}`,
  reservedName: "Log group names cannot start with aws/.",
  noKms: "kmsKeyId is not available here: log groups are not encrypted with keys of KMS.",
  noDelivery: "The log group class DELIVERY is not available here.",
  latestFirstTooEarly: "startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.",
  jobStream: (stream: string) =>
    `The log stream ${stream} holds the output of a job, and nothing else is put to it. Create a log stream of your own, in the same log group or another one.`,
  reservedTag: "Tag keys and values must not start with aws:.",
  crowded: (max: number) =>
    `More than ${max} log streams of this log group have events at the same time: name some of them with logStreamNames or logStreamNamePrefix.`,
} as const;
