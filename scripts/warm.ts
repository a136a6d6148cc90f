/**
 * Loads what `longshore up` and `longshore run` load, once, at installation: Node then keeps the compiled code in NODE_COMPILE_CACHE, and the
 * first start is as quick as every later one.
 */
await import("../src/compose.ts");
await import("../src/drivers/docker/driver.ts");
await import("../src/cli/follow.ts");
// Loaded with the first request that needs them.
await import("@aws-sdk/client-cloudwatch-logs");
await import("@aws-sdk/client-ecs");
