import { Connection } from "./connection.ts";

export interface Load {
  readonly path: string;
  readonly body: string;
  readonly requests: number;
  readonly connections: number;
}

/** Sends the same request `requests` times over keep-alive connections, one at a time on each. Returns requests per second. */
export async function runLoad(url: string, { path, body, requests, connections }: Load): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(url)));
  let left = requests;
  const send = async (connection: Connection): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { status, body: answer } = await connection.post(path, body);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${answer.toString("utf8").slice(0, 300)}`);
    }
  };
  try {
    const startedAt = performance.now();
    await Promise.all(open.map(send));
    return requests / ((performance.now() - startedAt) / 1000);
  } finally {
    for (const connection of open) connection.close();
  }
}
