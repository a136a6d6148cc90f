import { remembered } from "./remembered.ts";

/** The account in an ARN. */
export const accountOf = remembered((arn) => arn.split(":", 5)[4] ?? "");
