import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";

export function Loading({ what = "Loading" }: { readonly what?: string }) {
  return (
    <Box textAlign="center" padding="xxl">
      <Spinner /> {what}
    </Box>
  );
}
