import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useMessenger } from "../realtime/useMessenger";

/** A setting of one's own on the server: what it is, and changing it, shown at once. Another device's change is seen too. */
export function useSetting<Setting>(name: string, read: () => Promise<Setting>, put: (next: Setting) => Promise<Setting>) {
  const messenger = useMessenger();
  const client = useQueryClient();
  const queryKey = ["setting", name, messenger.current().me];
  const query = useQuery({ queryKey, queryFn: read });
  const change = useMutation({
    mutationFn: put,
    onSuccess: (told) => client.setQueryData(queryKey, told),
  });
  useEffect(
    () => messenger.subscribeToSettings(() => void client.invalidateQueries({ queryKey: ["setting", name] })),
    [messenger, client, name],
  );
  return {
    value: change.isPending ? change.variables : query.data,
    error: change.error ?? query.error,
    set: (next: Setting) => change.mutate(next),
  };
}
