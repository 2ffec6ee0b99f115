/** What is drawn over a colour, so that nothing is told by colour alone. Every drawing of the page refers to these. */
export const Patterns = () => (
  <svg class="patterns" width="0" height="0" aria-hidden="true">
    <defs>
      <pattern id="dead" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="dead-ground" width="6" height="6" />
        <path class="dead-line" d="M1.5 0V6" />
      </pattern>
      <pattern id="blocked" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect class="blocked-ground" width="8" height="8" />
        <path class="blocked-line" d="M2 0V8" />
      </pattern>
      <pattern id="failing" width="5" height="4" patternUnits="userSpaceOnUse">
        <path class="failing-line" d="M1.2 0V4" />
      </pattern>
      <pattern id="paused" width="7" height="10" patternUnits="userSpaceOnUse">
        <rect class="paused-ground" width="7" height="10" />
        <path class="paused-line" d="M2 0V10M4 0V10" />
      </pattern>
      <pattern id="parents" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="paused-ground" width="6" height="6" />
        <circle class="paused-dot" cx="3" cy="3" r="1.1" />
      </pattern>
      <pattern id="texture1" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path class="texture-line" d="M1 0V5" />
      </pattern>
      <pattern id="texture2" width="6" height="6" patternUnits="userSpaceOnUse">
        <circle class="texture-dot" cx="3" cy="3" r="1.2" />
      </pattern>
    </defs>
  </svg>
);
