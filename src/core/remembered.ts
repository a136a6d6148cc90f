/** Bounds the memory. */
const MAX_KEYS = 10_000;

/** The same pure function, for a few keys that come again and again: each is computed once. Who gets an object does not change it. */
export function remembered<Value>(compute: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      if (known.size >= MAX_KEYS) known.clear();
      known.set(key, (value = compute(key)));
    }
    return value;
  };
}
