import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";

export interface TimePoint {
  /** Epoch ms. */
  readonly at: number;
  readonly value: number;
}

export interface TimeSeries {
  readonly title: string;
  readonly points: readonly TimePoint[];
  readonly color?: string;
}

export interface TimeChartProps {
  /** What is shown, for people who do not see it. */
  readonly label: string;
  readonly series: readonly TimeSeries[];
  /** `area` stacks the series, which then must have the same times. */
  readonly kind?: "line" | "area";
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** A level to compare with: a maximum, a request. */
  readonly threshold?: { readonly title: string; readonly value: number };
  readonly format?: (value: number) => string;
  /** Pixels. */
  readonly height?: number;
  readonly empty?: ReactNode;
}

const Drawing = lazy(() => import("./time-chart-drawing.tsx"));
/** What is around the plot itself: the axis and the legend. */
const AROUND_PX = 80;

/** Values over time. What draws it is loaded when it comes into view. */
export function TimeChart(props: TimeChartProps) {
  const { height = 200 } = props;
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
      },
      { rootMargin: "100px" },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const waiting = (
    <Box textAlign="center" padding="xxl">
      <Spinner />
    </Box>
  );
  return (
    <div ref={place} style={{ minBlockSize: `${height + AROUND_PX}px` }}>
      <Suspense fallback={waiting}>{isSeen ? <Drawing {...props} height={height} /> : waiting}</Suspense>
    </div>
  );
}
