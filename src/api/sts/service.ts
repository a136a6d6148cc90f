import type { QueryService } from "../wire/aws-query.ts";

/** STS, as far as clients ask it who they are. AWS allows that to everybody, whatever the policies say. */
export const STS: QueryService = {
  name: "sts",
  protocol: "awsQuery",
  version: "2011-06-15",
  namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  handlers: {
    async GetCallerIdentity(_parameters, { caller }) {
      return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
    },
  },
};
