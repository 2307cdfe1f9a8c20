import { useEffect, useRef, useState } from 'preact/hooks';

const THANKS_MS = 1500;

/** Without TLS a page has no clipboard of the new kind: then the text is selected and copied the old way. */
async function copy(text: string, element: HTMLElement | null): Promise<boolean> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  if (element) getSelection()?.selectAllChildren(element);
  return document.execCommand('copy');
}

/** A line to be copied, such as an address or a command. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const code = useRef<HTMLElement>(null);
  const [copied, set] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = window.setTimeout(() => set(false), THANKS_MS);
    return () => window.clearTimeout(timer);
  }, [copied]);
  const onClick = () => {
    copy(text, code.current).then(set, () => set(false));
  };
  return (
    <div class="copyable">
      <span class="label">{label}</span>
      <code ref={code}>{text}</code>
      <button type="button" onClick={onClick} aria-label={`Copy ${label}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
