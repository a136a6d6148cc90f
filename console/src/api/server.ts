import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { ServerInfo } from "../../../src/ports/server-info.ts";
import { askForServer, takeEarly } from "./early.ts";
import { onSessionLost, send } from "./call.ts";

const KEY = ["server"];

/** The server and who one is there; undefined until it has answered. */
export function useServer(): { readonly server: ServerInfo | undefined; readonly error: Error | null } {
  const queries = useQueryClient();
  useEffect(() => onSessionLost(() => void queries.invalidateQueries({ queryKey: KEY })), [queries]);
  const { data, error } = useQuery({
    queryKey: KEY,
    queryFn: () => takeEarly<ServerInfo>("server") ?? askForServer(),
  });
  return { server: data, error };
}

/** Forgets all that was shown to whoever was there before. */
export function useSigning(): {
  signIn(accessKeyId: string, secretAccessKey: string): Promise<void>;
  signOut(): Promise<void>;
} {
  const queries = useQueryClient();
  const begin = async (): Promise<void> => {
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return {
    async signIn(accessKeyId, secretAccessKey) {
      await send("/longshore/session", "longshore", { method: "POST", body: { accessKeyId, secretAccessKey } });
      await begin();
    },
    async signOut() {
      await send("/longshore/session", "longshore", { method: "DELETE" });
      await begin();
    },
  };
}
