import { useQuery } from "@tanstack/react-query";

/** The address of the embedded stack's mail-box for `email`, or null where real mail is sent. */
export function useMailbox(email: string): string | null {
  const address = `/mailbox?${new URLSearchParams({ email: email.trim() })}`;
  const { data } = useQuery({
    queryKey: ["mailbox", email],
    queryFn: async () => {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      return response.ok && (response.headers.get("Content-Type") ?? "").includes("json");
    },
    staleTime: Infinity,
    retry: false,
  });
  return data === true ? address : null;
}
