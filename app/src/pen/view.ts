/** The position of something that an element shows. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** From the units of the content to CSS pixels of the element. */
export interface View {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export function sizeOf(element: Element): Size {
  return { width: element.clientWidth, height: element.clientHeight };
}

/** The view that shows the whole content, centred. */
export function contain(room: Size, { width, height }: Size): View {
  const scale = Math.min(room.width / width, room.height / height);
  return { scale, left: (room.width - width * scale) / 2, top: (room.height - height * scale) / 2 };
}
