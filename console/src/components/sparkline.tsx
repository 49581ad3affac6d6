/** A small line over time; `label` says in words what it shows. */
export function Sparkline({
  values,
  label,
  color = "var(--said)",
  width = 72,
  height = 22,
}: {
  values: number[];
  label: string;
  color?: string;
  width?: number;
  height?: number;
}) {
  const most = Math.max(...values, 0);
  const step = width / Math.max(values.length - 1, 1);
  const y = (value: number) => height - 2 - (most ? (value / most) * (height - 4) : 0);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      {most > 0 ? (
        <>
          <polygon points={`0,${height} ${points.join(" ")} ${width},${height}`} fill={color} opacity={0.14} />
          <polyline points={points.join(" ")} fill="none" stroke={color} strokeWidth={1.5} strokeLinejoin="round" />
        </>
      ) : (
        <line x1={0} x2={width} y1={height - 2} y2={height - 2} stroke="var(--line)" strokeWidth={1.5} />
      )}
    </svg>
  );
}
