/** What a policy has to allow by name: targets have events of all accounts. */
export const TARGET_ACTIONS = { read: "longshore:ListEventTargets", change: "longshore:ManageDeadLetters" } as const;
