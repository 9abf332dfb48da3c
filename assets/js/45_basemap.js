/**
 * The map below the signs, from the city's own files and without internet: land, water, green, buildings and roads under the tile
 * pane (so that a tile server's picture covers them), borders and the shade over what is out of scope above it,
 * names above the workers.
 */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { UNIT } = gridhall.shapes;
  const { Labels, middleOf, shortName } = gridhall.labels;

  // class of the base map: colour, thinnest width in px, width on the ground in m, shown from this m/px on
  const ROADS = [
    ["road_n", "road-out", 1.2, 8, Infinity], ["lane", "lane", 0.9, 4, 10], ["road_c", "road-c", 1.2, 7, 25],
    ["road_b", "road-b", 1.8, 11, 60], ["road_a", "road-a", 2.6, 16, Infinity],
  ];
  const ROAD_LABELS_MPP = { road_a: 5, road_b: 2.5, road_c: 1.5, lane: 0.7 };
  const AREAS = [["land", "land"], ["green", "green"], ["water", "water"]];
  const BUILDINGS_MPP = 1.5;
  const SHADE = { root: 0.85, part: 0.6 };

  /** Canvas transform from path units to the view's pixels. */
  function transform(ctx, view, origin) {
    const k = (view.ratio * view.scale) / UNIT;
    ctx.setTransform(k, 0, 0, k, (origin[0] - view.x) * view.scale * view.ratio, (origin[1] - view.y) * view.scale * view.ratio);
    return UNIT / view.scale; // path units per css px
  }

  const [FILL, MUTED] = [0.82, 0.4]; // opacity of a region's colour; muted: its base is small
  const HATCH_PX = 9;

  /** A fill of thin slanting lines, the same at every scale. */
  function hatch(ctx, colors, ratio) {
    const side = Math.max(4, Math.round(HATCH_PX * ratio));
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const pen = tile.getContext("2d", gridhall.signs.STAMPED);
    pen.strokeStyle = colors.line2;
    pen.lineWidth = ratio;
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift - 1, side + 1);
      pen.lineTo(shift + side + 1, -1);
    }
    pen.stroke();
    const pattern = ctx.createPattern(tile, "repeat");
    pattern.setTransform(ctx.getTransform().inverse());
    return pattern;
  }

  const meets = (a, b) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

  const boxOf = (view) => [view.x, view.y, view.x + view.size.x / view.scale, view.y + view.size.y / view.scale];

  class BaseLayer extends gridhall.layers.CanvasLayer {
    initialize({ shapes }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-base", zIndex: 150, margin: 0.15 });
      this.shapes = shapes;
    }

    draw(ctx, view) {
      const colors = gridhall.palette.read();
      const px = transform(ctx, view, this.shapes.origin);
      const box = boxOf(view);
      for (const [kind, color] of AREAS) {
        ctx.fillStyle = colors[color];
        this.shapes.kinds.get(kind)?.each(box, (path) => ctx.fill(path, "evenodd"));
      }
      if (view.mpp <= BUILDINGS_MPP) this.#buildings(ctx, colors, box, px);
      ctx.lineCap = ctx.lineJoin = "round";
      for (const [kind, color, width, ground, from] of ROADS) {
        if (view.mpp > from) continue;
        ctx.strokeStyle = colors[color];
        ctx.lineWidth = Math.max(width, ground / view.mpp) * px;
        this.shapes.kinds.get(kind)?.each(box, (path) => ctx.stroke(path));
      }
    }

    #buildings(ctx, colors, box, px) {
      ctx.fillStyle = colors.building;
      ctx.strokeStyle = colors["building-line"];
      ctx.lineWidth = px;
      this.shapes.kinds.get("building")?.each(box, (path) => {
        ctx.fill(path, "evenodd");
        ctx.stroke(path);
      });
    }
  }

  // how the border of a level is drawn: colour, width, dash, shown from this m/px on
  const BORDERS = {
    cell: { color: "cell", width: 0.6, dash: [], mpp: 2.5 },
    grid: { color: "grid", width: 1, dash: [3, 3], mpp: 6, near: { mpp: 1.2, color: "grid-near", width: 1.4, dash: [7, 5] } },
    community: { color: "community", width: 1.3, dash: [], mpp: 12 },
    street: { color: "street", width: 1.8, dash: [], mpp: Infinity },
  };
  const STYLE_OF = { unit: "cell", cell: "cell", grid: "grid", community: "community", village: "community" };

  const FINE = [BORDERS.grid, BORDERS.cell];
  const styleOf = (level) => BORDERS[STYLE_OF[level] ?? "street"];

  class RegionsLayer extends gridhall.layers.CanvasLayer {
    /** `levels`: keys from the coarsest to the finest; `tiles`: whether a tile server's picture lies below. */
    initialize({ shapes, levels, tiles = false }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-regions", zIndex: 350, margin: 0.15 });
      Object.assign(this, { shapes, levels, tiles, region: null, colours: null });
    }

    /** `{code: {step: 0…5, muted}}` or null; step 0: no base. */
    setColours(colours) {
      this.colours = colours;
      this.invalidate();
    }

    setRegion(code) {
      this.region = code;
      this.invalidate();
    }

    /** Levels whose borders are to be drawn at this scale, the finest first; that of the own region's children always. */
    shownLevels(mpp) {
      const children = this.shapes.childrenOf(this.region)[0]?.level;
      const shown = this.levels.filter((level) => mpp <= styleOf(level).mpp || level === children).reverse();
      return this.hideFine ? shown.filter((level) => !FINE.includes(styleOf(level))) : shown;
    }

    draw(ctx, view) {
      const colors = gridhall.palette.read();
      const own = this.shapes.regions.get(this.region);
      const px = transform(ctx, view, this.shapes.origin);
      if (own) this.#shade(ctx, view, own, colors);
      if (this.colours) this.#colour(ctx, view, colors, px);
      for (const level of this.shownLevels(view.mpp)) this.#borders(ctx, view, level, colors, px);
      if (own) this.#outline(ctx, own, colors, px);
    }

    /** Everything but the own region lies back. Water goes on through it. */
    #shade(ctx, view, own, colors) {
      const inverse = new Path2D();
      inverse.addPath(this.shapes.pathOf(own));
      const far = UNIT; // a world around it
      inverse.rect(-far, -far, 2 * far, 2 * far);
      ctx.fillStyle = gridhall.palette.fade(colors.outside, own.parent ? SHADE.part : SHADE.root);
      ctx.fill(inverse, "evenodd");
      if (this.tiles || own.parent) return;
      ctx.save();
      ctx.clip(inverse, "evenodd");
      ctx.fillStyle = colors.water;
      this.shapes.kinds.get("water")?.each(boxOf(view), (path) => ctx.fill(path, "evenodd"));
      ctx.restore();
    }

    /** Regions by the step of an indicator. The roads below shine through; who has no base is hatched, never the lowest step. */
    #colour(ctx, view, colors, px) {
      const box = boxOf(view);
      for (const [code, { step, muted }] of Object.entries(this.colours)) {
        const region = this.shapes.regions.get(code);
        if (!region || !meets(region.box, box)) continue;
        const path = this.shapes.pathOf(region);
        ctx.fillStyle = step ? gridhall.palette.fade(colors[`ramp${step}`], muted ? MUTED : FILL) : hatch(ctx, colors, view.ratio);
        ctx.fill(path, "evenodd");
        ctx.strokeStyle = colors.bg0;
        ctx.lineWidth = 2 * px;
        ctx.stroke(path);
      }
    }

    #borders(ctx, view, level, colors, px) {
      const style = styleOf(level);
      const { color, width, dash } = style.near && view.mpp <= style.near.mpp ? style.near : style;
      ctx.strokeStyle = colors[color];
      ctx.lineWidth = width * px;
      ctx.lineJoin = "round";
      ctx.lineCap = "butt";
      ctx.setLineDash(dash.map((length) => length * px));
      this.shapes.levels.get(level)?.borders.each(boxOf(view), (path) => ctx.stroke(path));
      ctx.setLineDash([]);
    }

    #outline(ctx, own, colors, px) {
      const path = this.shapes.pathOf(own);
      ctx.lineJoin = "round";
      for (const [color, width] of [["bg0", 6], ["own", 2.2]]) {
        ctx.strokeStyle = colors[color];
        ctx.lineWidth = width * px;
        ctx.stroke(path);
      }
    }
  }

  /** Names of regions, waters and roads: above all dots and signs, which would make them unreadable; they give way to urgent ones. */
  class NamesLayer extends gridhall.layers.CanvasLayer {
    /**
     * `lang`: of the names; `shun(view)`: [x, y, radius] of the signs that they give way to; `below(code)`: px that stand at a region's
     * middle, under which its name goes.
     */
    initialize({ shapes, lang = "zh", shun = () => [], below = () => 0 }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-names", zIndex: 435, margin: 0.15 });
      Object.assign(this, { shapes, lang, shun, below, region: null, labelSize: 15, colours: null });
    }

    /** `{code: {text}}` or null: values that stand under the regions' names. */
    setColours(colours) {
      this.colours = colours;
      this.invalidate();
    }

    setRegion(code) {
      this.region = code;
      this.invalidate();
    }

    draw(ctx, view) {
      this.#labels(ctx, view, this.shapes.regions.get(this.region), gridhall.palette.read());
    }

    #labels(ctx, view, own, colors) {
      const labels = new Labels(this.shun(view));
      const style = { halo: gridhall.palette.fade(colors.land, 0.8), haloWidth: 3 };
      this.#regionLabels(ctx, view, own, labels, { ...style, color: colors.t2 }, colors);
      this.#waterLabels(ctx, view, labels, { ...style, color: colors["water-label"], halo: gridhall.palette.fade(colors.water, 0.8) }, colors);
      this.#roadLabels(ctx, view, labels, { ...style, color: colors.t3 }, colors);
    }

    #font(colors, size) {
      return `400 ${size}px ${colors.font}`;
    }

    nameOf({ code, name, name_en: regionEn, nameEn = regionEn }) {
      const told = gridhall.readConfig().regions?.[code];
      if (told) return told.short ?? told.name;
      return this.lang === "en" && nameEn ? nameEn : shortName(name);
    }

    /** Names of the children of the own region, and of the level below where a region has room for it. */
    #regionLabels(ctx, view, own, labels, style, colors) {
      const [first, below] = own ? this.#labelled(own.code) : [[], []];
      const second = view.mpp <= styleOf(below[0]?.level).mpp * 0.6 ? below : [];
      for (const [regions, size, color] of [[first, this.labelSize, style.color], [second, this.labelSize * 0.85, colors.t3]]) {
        for (const region of regions) this.#regionLabel(ctx, view, labels, region, { ...style, color, size, font: this.#font(colors, size) });
      }
    }

    #labelled(code) {
      const children = this.shapes.childrenOf(code);
      if (!children.length) return [[this.shapes.regions.get(code)], []];
      return [children, children.flatMap((child) => this.shapes.childrenOf(child.code))];
    }

    #regionLabel(ctx, view, labels, region, style) {
      const spot = this.shapes.labelOf(region);
      const [x, y] = [(spot.x - view.x) * view.scale, (spot.y - view.y) * view.scale];
      if (x < 0 || y < 0 || x > view.size.x || y > view.size.y) return;
      if (spot.room * view.scale < 0.55 * style.size) return;
      const text = this.nameOf(region);
      ctx.font = style.font;
      const shift = 1.4 * style.size;
      const under = this.below(region.code);
      const spots = under ? [[x, y + under + 0.8 * style.size]] : [[x, y], [x, y - shift], [x, y + shift]];
      const [atX, atY] = labels.clearest(spots, ctx.measureText(text).width, style.size);
      const value = this.colours?.[region.code]?.text;
      if (labels.write(ctx, text, atX, value ? atY - 0.55 * style.size : atY, style) && value) this.#value(ctx, labels, value, atX, atY, style);
    }

    #value(ctx, labels, text, x, y, style) {
      const { t1, font } = gridhall.palette.read();
      labels.write(ctx, text, x, y + 0.75 * style.size, { ...style, color: t1, font: `700 ${style.size}px ${font}` });
    }

    #inView(view) {
      const [left, top, right, bottom] = boxOf(view);
      return this.shapes.named.filter(({ box }) => box[0] <= right && box[2] >= left && box[1] <= bottom && box[3] >= top);
    }

    #waterLabels(ctx, view, labels, style, colors) {
      const size = this.labelSize * 0.9;
      for (const item of this.#inView(view)) {
        if (item.kind !== "water" && item.kind !== "green") continue;
        item.label ??= gridhall.geo.labelPoint(item.rings);
        if (item.label.room * view.scale < 1.2 * size) continue;
        const [x, y] = [(item.label.x - view.x) * view.scale, (item.label.y - view.y) * view.scale];
        const own = item.kind === "green" ? { ...style, color: colors.t3, halo: gridhall.palette.fade(colors.green, 0.8) } : style;
        labels.write(ctx, this.nameOf(item), x, y, { ...own, size, font: this.#font(colors, size) });
      }
    }

    /** Each road's name once, where its longest straight piece lies. */
    #roadLabels(ctx, view, labels, style, colors) {
      const size = Math.max(12, this.labelSize * 0.87);
      const written = new Set();
      for (const item of this.#inView(view)) {
        if (!item.flat || view.mpp > (ROAD_LABELS_MPP[item.kind] ?? 0) || written.has(item.name)) continue;
        const line = item.flat.map((value, i) => (value - (i % 2 ? view.y : view.x)) * view.scale);
        const middle = middleOf(line, 40, 40, view.size.x - 40, view.size.y - 40);
        if (!middle) continue;
        const text = this.lang === "en" && item.nameEn ? item.nameEn : item.name;
        const own = { ...style, size, turn: middle.turn, font: this.#font(colors, size) };
        if (labels.write(ctx, text, middle.x, middle.y, own)) written.add(item.name);
      }
    }
  }

  Object.assign(gridhall.layers, { BaseLayer, RegionsLayer, NamesLayer });
});
