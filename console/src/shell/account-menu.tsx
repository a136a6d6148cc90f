import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useQueryClient } from "@tanstack/react-query";
import type { ServerUser } from "../../../src/ports/server-info.ts";
import { chooseRegion, currentRegion } from "../api/region.ts";
import { useSigning } from "../api/server.ts";
import { useNotices } from "./notices.tsx";
import type { Theme } from "./theme.ts";
import { chosenTheme, chooseTheme } from "./theme.ts";

const REGIONS = [
  ...["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"],
  ...["eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1"],
  ...["ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"],
  ...["me-central-1", "af-south-1"],
];

const THEMES: readonly (readonly [Theme, string])[] = [
  ["auto", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** Of what fits into the bar of a phone. */
const LONGEST_NAME = 14;

/** Regions are separate, as in AWS: another one has other queues, environments and jobs. */
export function RegionMenu({ onChange }: { readonly onChange: () => void }) {
  const queries = useQueryClient();
  const region = currentRegion();
  const all = REGIONS.includes(region) ? REGIONS : [region, ...REGIONS];
  return (
    <ButtonDropdown
      ariaLabel={`Region: ${region}`}
      expandToViewport
      items={[
        {
          id: "regions",
          text: "Region",
          items: all.map((id) => ({ id, text: id, itemType: "checkbox" as const, checked: id === region })),
        },
      ]}
      onItemClick={({ detail }) => {
        chooseRegion(detail.id);
        queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "server" });
        onChange();
      }}
    >
      {region}
    </ButtonDropdown>
  );
}

/** Who one is, the look of the console, and the way out. */
export function AccountMenu({ user }: { readonly user: ServerUser | undefined }) {
  const { signOut } = useSigning();
  const notices = useNotices();
  const leave = async (): Promise<void> => {
    try {
      await signOut();
    } catch (error) {
      notices.error("You could not be signed out", error);
    }
  };
  const theme = chosenTheme();
  const name = user?.arn.split(/[:/]/).at(-1) ?? "";
  return (
    <ButtonDropdown
      ariaLabel="Account and settings"
      expandToViewport
      items={[
        ...(user === undefined
          ? []
          : [
              {
                id: "who",
                text: name === "root" ? `Account ${user.account}` : name,
                secondaryText: name === "root" ? "No sign-in is needed" : `Account ${user.account}`,
                disabled: true,
              },
            ]),
        {
          id: "theme",
          text: "Theme",
          items: THEMES.map(([id, text]) => ({ id, text, itemType: "checkbox" as const, checked: id === theme })),
        },
        ...(user?.session === undefined ? [] : [{ id: "sign-out", text: "Sign out" }]),
      ]}
      onItemClick={({ detail }) => {
        if (detail.id === "sign-out") void leave();
        else chooseTheme(detail.id as Theme);
      }}
    >
      {user === undefined ? "Settings" : name === "root" ? "Account" : name.slice(0, LONGEST_NAME)}
    </ButtonDropdown>
  );
}
