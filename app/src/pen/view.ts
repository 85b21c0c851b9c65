/** How something lies on an element. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** From units of what is shown to CSS pixels of the element. */
export interface View {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export function sizeOf(element: Element): Size {
  return { width: element.clientWidth, height: element.clientHeight };
}

/** Shown whole and centred. */
export function contain(room: Size, { width, height }: Size): View {
  const scale = Math.min(room.width / width, room.height / height);
  return { scale, left: (room.width - width * scale) / 2, top: (room.height - height * scale) / 2 };
}
