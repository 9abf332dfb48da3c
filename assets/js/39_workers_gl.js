/**
 * Draws all workers in one call of WebGL 2; the vertex shader moves them between their fixes. One point sprite per worker, not an
 * instanced quad: a quarter of the vertices.
 */
(function (gridhall) {
  "use strict";

  const VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec4 a_way;      // from x, y, to x, y: Mercator relative to the origin
layout(location = 1) in vec4 a_motion;   // start s, span s, heading rad, fixed s
layout(location = 2) in float a_look;    // role + 8 state + 64 chosen, -1 hidden
uniform vec2 u_offset;                   // css px of the origin, from the canvas's corner
uniform vec2 u_size;                     // css px of the canvas
uniform float u_scale, u_clock, u_old_before, u_sign, u_chosen_sign, u_far, u_rings, u_half, u_columns, u_single, u_ratio;
uniform ivec2 u_mask;                    // states, roles that are shown
flat out float v_reach;                  // units from the sign's middle to the point's edge
flat out vec2 v_cell;
flat out vec2 v_wedge;
flat out vec3 v_turn;                    // cos, sin of the heading, 1 when there is a wedge
flat out float v_opacity;

vec2 cellAt(float index) { return vec2(mod(index, u_columns), floor(index / u_columns)); }

void main() {
  float look = a_look;
  float chosen = step(64.0, look);
  look -= 64.0 * chosen;
  int state = int(look) / 8;
  int role = int(look) - state * 8;
  bool urgent = state == OUT || state == ALARM;
  bool hidden = a_look < 0.0 || state == UNSEEN || (u_mask.x >> state & 1) == 0 || (u_mask.y >> role & 1) == 0;
  hidden = hidden || (u_rings > 0.5 && chosen < 0.5 && !urgent);
  float span = a_motion.y;
  float share = span > 0.0 ? clamp((u_clock - a_motion.x) / span, 0.0, 1.0) : 1.0;
  vec2 place = mix(a_way.xy, a_way.zw, share) * u_scale + u_offset;

  bool small = u_far > 0.5 && !urgent && chosen < 0.5;
  v_cell = cellAt(small ? FAR + float(state) : float(state * 8 + role));
  bool wedge = !small && a_motion.z < 100.0 && state == 0;
  v_wedge = cellAt(WEDGE);
  v_turn = wedge ? vec3(cos(a_motion.z), sin(a_motion.z), 1.0) : vec3(1.0, 0.0, 0.0);
  v_opacity = a_motion.w < u_old_before && state < 3 ? 0.7 : 1.0;
  float size = chosen > 0.5 ? u_chosen_sign : u_sign;
  float rank = urgent ? (state == ALARM ? 0.05 : 0.1) : state == 4 ? 0.2 : state == 3 ? 0.3 : state == 5 ? 0.4 : state == 1 ? 0.5 : 0.6;
  if (u_single > 0.5) {
    v_cell = cellAt(u_single);
    v_turn = vec3(1.0, 0.0, 0.0);
    v_opacity = 1.0;
    size = u_chosen_sign;
  }
  v_reach = !small || u_single > 0.5 ? u_half : state < 2 ? 4.5 : 5.5;
  gl_PointSize = 2.0 * v_reach * size * u_ratio;
  vec2 clip = place / u_size * 2.0 - 1.0;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(clip.x, -clip.y, chosen > 0.5 ? 0.0 : rank, 1.0);
}`;

  const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_atlas;
uniform vec2 u_cells;
uniform float u_half;
flat in float v_reach;
flat in vec2 v_cell;
flat in vec2 v_wedge;
flat in vec3 v_turn;
flat in float v_opacity;
out vec4 color;

vec4 at(vec2 cell, vec2 place) {
  return texture(u_atlas, (cell + clamp((place + u_half) / (2.0 * u_half), 0.001, 0.999)) / u_cells);
}

void main() {
  vec2 place = (gl_PointCoord * 2.0 - 1.0) * v_reach;
  vec4 sign = at(v_cell, place);
  if (v_turn.z > 0.5) {
    vec2 turned = vec2(place.x * v_turn.x + place.y * v_turn.y, place.y * v_turn.x - place.x * v_turn.y);
    vec4 wedge = at(v_wedge, turned);
    sign = wedge + sign * (1.0 - wedge.a);
  }
  if (sign.a < 0.02) discard;
  color = sign * v_opacity;
}`;

  /** Numbers of the signs that the shaders know by name. */
  function named(source) {
    const { FAR, WEDGE, ALARM, STATES } = gridhall.signs;
    const numbers = { FAR: `${FAR}.0`, WEDGE: `${WEDGE}.0`, ALARM, OUT: STATES.indexOf("out_of_grid"), UNSEEN: STATES.indexOf("unseen") };
    return source.replace(/\b(FAR|WEDGE|ALARM|OUT|UNSEEN)\b/g, (name) => numbers[name]);
  }

  function compile(gl, type, source) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, named(source));
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(shader));
    return shader;
  }

  const BYTES = gridhall.glides.STRIDE * 4;
  const ATTRIBUTES = [[0, 4, 0], [1, 4, 16], [2, 1, 32]]; // location, size, byte

  const PIECE = 4096; // slots sent at once: Chromium takes ten times as long for what does not fit into its transfer buffer
  const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i; // who draws where there is no graphics card
  const LEAST_POINT_PX = 64; // the largest sign (chosen, close up) is 61 css px wide

  class WorkersGl {
    costMs = 0; // of the page's time: the card draws by itself

    /** Throws when the canvas gives no WebGL 2, or, unless `anyway`, only by the processor. */
    constructor(canvas, anyway = false) {
      const options = { alpha: true, antialias: false, depth: true, premultipliedAlpha: true, failIfMajorPerformanceCaveat: !anyway };
      this.gl = canvas.getContext("webgl2", options);
      if (!this.gl) throw new Error("no WebGL 2");
      const { gl } = this;
      if (!anyway && this.#isSoftware()) {
        this.destroy();
        throw new Error("no graphics card");
      }
      [, this.largestPoint] = gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE);
      if (this.largestPoint < LEAST_POINT_PX) throw new Error(`points of at most ${this.largestPoint} px`);
      const [width, height] = gl.getParameter(gl.MAX_VIEWPORT_DIMS);
      this.largestSide = Math.min(width, height, gl.getParameter(gl.MAX_RENDERBUFFER_SIZE), gl.getParameter(gl.MAX_TEXTURE_SIZE));
      this.lost = false;
      this.build();
    }

    /** Chromium gives WebGL by the processor without a caveat, but it says who draws. */
    #isSoftware() {
      const told = this.gl.getExtension("WEBGL_debug_renderer_info");
      return SOFTWARE.test(this.gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : this.gl.RENDERER));
    }

    /** Makes everything that lives on the card; again after a lost context. */
    build() {
      const { gl } = this;
      this.program = gl.createProgram();
      gl.attachShader(this.program, compile(gl, gl.VERTEX_SHADER, VERTEX));
      gl.attachShader(this.program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
      gl.linkProgram(this.program);
      gl.useProgram(this.program);
      const names = ["ratio", "offset", "size", "scale", "clock", "old_before", "sign", "chosen_sign", "far", "rings", "half", "columns", "single", "mask",
        "atlas", "cells"];
      this.uniforms = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(this.program, `u_${name}`)]));
      gl.uniform1f(this.uniforms.half, gridhall.signs.CELL_UNITS / 2);
      this.buffer = gl.createBuffer();
      this.bufferBytes = 0;
      this.texture = null;
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
      for (const [location, size, byte] of ATTRIBUTES) {
        gl.enableVertexAttribArray(location);
        gl.vertexAttribPointer(location, size, gl.FLOAT, false, BYTES, byte);
      }
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.depthFunc(gl.LEQUAL);
    }

    setAtlas({ canvas, columns, rows }) {
      const { gl } = this;
      if (this.texture) gl.deleteTexture(this.texture);
      this.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, canvas);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      gl.uniform2f(this.uniforms.cells, columns, rows);
      gl.uniform1f(this.uniforms.columns, columns);
    }

    /** Sends what changed of the glides to the card. */
    upload(glides) {
      const { gl } = this;
      const ranges = glides.takeDirty();
      if (this.bufferBytes !== glides.data.byteLength) {
        gl.bufferData(gl.ARRAY_BUFFER, glides.data, gl.DYNAMIC_DRAW);
        this.bufferBytes = glides.data.byteLength;
        return;
      }
      for (const [first, end] of ranges) {
        for (let at = first; at < end; at += PIECE) this.#send(glides.data, at, Math.min(end, at + PIECE));
      }
    }

    #send(data, first, end) {
      const { gl } = this;
      const { STRIDE } = gridhall.glides;
      gl.bufferSubData(gl.ARRAY_BUFFER, first * BYTES, data, first * STRIDE, (end - first) * STRIDE);
    }

    /**
     * `scene`: offset, size, scale, clock, oldBefore, sign, chosenSign, far, rings, presences, roles (bit masks), ringed (slots);
     * `done()` is called when it is drawn.
     */
    draw(glides, scene, size, view, done) {
      this.#draw(glides, scene);
      done();
    }

    #draw(glides, scene) {
      const { gl, uniforms } = this;
      const ratio = gl.drawingBufferWidth / scene.size.x; // a browser may give less than the canvas asks for
      gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      if (!glides.slots || !this.texture) return;
      this.upload(glides);
      gl.uniform2f(uniforms.offset, ...scene.offset);
      gl.uniform2f(uniforms.size, scene.size.x, scene.size.y);
      gl.uniform1f(uniforms.ratio, ratio);
      gl.uniform1f(uniforms.scale, scene.scale);
      gl.uniform1f(uniforms.clock, scene.clock);
      gl.uniform1f(uniforms.old_before, scene.oldBefore);
      gl.uniform1f(uniforms.sign, scene.sign);
      gl.uniform1f(uniforms.chosen_sign, scene.chosenSign);
      gl.uniform1f(uniforms.far, scene.far ? 1 : 0);
      gl.uniform1f(uniforms.rings, scene.rings ? 1 : 0);
      gl.uniform2i(uniforms.mask, scene.presences, scene.roles);
      gl.uniform1f(uniforms.single, 0);
      gl.enable(gl.DEPTH_TEST);
      gl.drawArrays(gl.POINTS, 0, glides.slots);
      if (scene.ringed.length) this.#rings(scene.ringed);
    }

    #rings(slots) {
      const { gl } = this;
      gl.disable(gl.DEPTH_TEST);
      gl.uniform1f(this.uniforms.single, gridhall.signs.RING);
      for (const slot of slots) gl.drawArrays(gl.POINTS, slot, 1);
    }

    destroy() {
      this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    }
  }

  gridhall.workersGl = { WorkersGl };
})((globalThis.gridhall ??= {}));
