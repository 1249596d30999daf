/** Cyphr's sign: a speech bubble that holds a C. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="12 13 40 38" aria-hidden="true" focusable="false">
      <path
        d="M32 15c-10 0-18 7.2-18 16.2 0 5.2 2.7 9.8 6.9 12.7L19.5 50l7.7-3.5c1.5.3 3.1.5 4.8.5 10 0 18-7.2 18-16.2S42 15 32 15Z"
        fill="#fff"
      />
      <path d="M38.5 26.4a8.2 8.2 0 1 0 0 9.6" fill="none" stroke="#5f34dd" strokeWidth={4} strokeLinecap="round" />
    </svg>
  );
}
