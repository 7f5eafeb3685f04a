import { useEffect, useState } from "preact/hooks";

/** In pixels; tasks.css has the same numbers. */
const LINE = 40;
/** A card of two lines. */
const CARD = 64;

const PHONE = matchMedia("(max-width: 760px)");

/** The height of a row in this window. */
export function useRowHeight(): number {
  const [isPhone, setPhone] = useState(PHONE.matches);
  useEffect(() => {
    const update = (): void => setPhone(PHONE.matches);
    PHONE.addEventListener("change", update);
    return () => PHONE.removeEventListener("change", update);
  }, []);
  return isPhone ? CARD : LINE;
}
