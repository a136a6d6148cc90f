/** The access key of who can read the data directory: all rights in the default account, and the administration. Only from this machine. */
export const OWNER_KEY_ID = "LSOWNERDATADIRECTORY";
