import Box from "@cloudscape-design/components/box";
import { PageTitle } from "../components/page-title.tsx";

export default function Nowhere() {
  return (
    <>
      <PageTitle>There is nothing here</PageTitle>
      <Box>The address names no page of this console. The navigation leads to all of them.</Box>
    </>
  );
}
