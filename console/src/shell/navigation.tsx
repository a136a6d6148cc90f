import type { SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import { useLocation } from "wouter";

const ITEMS: SideNavigationProps.Item[] = [
  { type: "link", text: "Overview", href: "/" },
  { type: "link", text: "Jobs", href: "/jobs" },
  { type: "link", text: "Job definitions", href: "/definitions" },
  { type: "link", text: "Job queues", href: "/queues" },
  { type: "link", text: "Compute environments", href: "/environments" },
  { type: "link", text: "Scheduling policies", href: "/policies" },
  { type: "link", text: "Consumable resources", href: "/consumables" },
  { type: "divider" },
  { type: "link", text: "What if", href: "/what-if" },
];

export function Navigation({ onFollow }: { readonly onFollow: () => void }) {
  const [path, navigate] = useLocation();
  const activeHref = `/${path.split("/")[1] ?? ""}`;
  return (
    <SideNavigation
      items={ITEMS}
      activeHref={activeHref}
      onFollow={(event) => {
        event.preventDefault();
        navigate(event.detail.href);
        onFollow();
      }}
    />
  );
}
