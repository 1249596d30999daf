import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { readSwitchboard } from "../../api/client";
import type { ServiceStand, Side } from "../../api/types";

const EACH_SECOND = 1_000;
const WHEN_QUIET = 3_000;
const QUIET_AFTER_MS = 120_000;
const HIGHLIGHT_MS = 4_000;

export interface Move {
  service: string;
  from: Side;
  to: Side;
}

const ORDER = ["database", "files", "auth"];

function rank({ service }: ServiceStand): number {
  return ORDER.includes(service) ? ORDER.indexOf(service) : ORDER.length;
}

/** Where each service stands, and what moved a moment ago. Read each second while something is changing. */
export function useSwitchboard(): { services: ServiceStand[]; moves: Move[] } {
  const changedAt = useRef(Date.now());
  const { data } = useQuery({
    queryKey: ["switchboard"],
    queryFn: readSwitchboard,
    refetchInterval: (query) => {
      const services = query.state.data?.services ?? [];
      const between = new Set(services.map(({ side }) => side)).size > 1;
      return between || Date.now() - changedAt.current < QUIET_AFTER_MS ? EACH_SECOND : WHEN_QUIET;
    },
    // A service that is out of reach for a moment keeps its last known place.
    retry: false,
  });
  const services = (data?.services ?? []).toSorted((one, other) => rank(one) - rank(other));
  const before = useRef(new Map<string, Side>());
  const [moves, setMoves] = useState<Move[]>([]);

  useEffect(() => {
    const fresh: Move[] = [];
    for (const { service, side } of services) {
      const from = before.current.get(service);
      if (from !== undefined && from !== side) fresh.push({ service, from, to: side });
      before.current.set(service, side);
    }
    if (fresh.length === 0) return;
    changedAt.current = Date.now();
    setMoves(fresh);
  }, [data]);

  useEffect(() => {
    if (moves.length === 0) return;
    const timer = window.setTimeout(() => setMoves([]), HIGHLIGHT_MS);
    return () => window.clearTimeout(timer);
  }, [moves]);

  return { services, moves };
}
