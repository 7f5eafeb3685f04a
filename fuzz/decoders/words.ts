/** Pieces that mean something to the decoders. */

type Words = readonly (string | Uint8Array)[];

export const jsonWords: Words = [
  ...'{ } [ ] : , " \\ \\u0000 \\ud800 \\u005f null true NaN Infinity -Infinity -0 1e400 1.0 9007199254740993'.split(
    " ",
  ),
  '"__type__"',
  '"__value__"',
  '"__proto__":',
  ..."datetime date time decimal uuid bytes base64 hex 2024-02-29T12:00:00+00:00 01:02:03.000004 1E+3 sNaN".split(
    " ",
  ),
  '{"__type__":"datetime","__value__":"2024-02-29T12:00:01.000005+01:00"}',
  '{"__type__":"decimal","__value__":"1.10"}',
  '{"__type__":"uuid","__value__":{"hex":"6f1c9f521f0c4f698a0c1f2b9d5a7e11"}}',
  '{"__type__":"base64","__value__":"/wCA"}',
  "\ufeff",
  "\u2028",
  "1".repeat(4300),
];

export const messageWords: Words = [
  ...jsonWords,
  ..."task id args kwargs embed callbacks errbacks chain chord headers properties body eta expires retries timelimit".split(
    " ",
  ),
  ..."status result traceback children exc_type exc_message exc_module FAILURE RETRY body_encoding delivery_tag".split(
    " ",
  ),
  ..."content-type content-encoding delivery_info subtask_type immutable options taskset group group_index".split(
    " ",
  ),
  '{"task":"a","args":[],"kwargs":{},"options":{},"subtask_type":null,"immutable":false}',
];

export const yamlWords: Words = [
  ..."- ? : | > |- >+ & * &a *a ! !! !<tag:yaml.org,2002:str> << = % --- ... ~ null yes 0x1f 0b1 1_0 12:30 1e3 .inf .nan".split(
    " ",
  ),
  ..."!!binary !!timestamp !!set !!omap !!pairs !!int !!float !!str !!null !!bool !!seq !!map !!python/tuple".split(
    " ",
  ),
  ..."2024-02-29 2024-02-29T12:00:00Z __proto__: constructor: [ ] { } , \" ' # \\x00 \\u0000 \\N %YAML %TAG".split(
    " ",
  ),
  "\n",
  "\n  ",
  "- ",
  ": ",
  "\t",
  "\r",
  "\u0085",
  "\u2028",
  "\ufeff",
];

export const msgpackWords: Words = [
  ..."c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 ca cb cc cd ce cf d0 d1 d2 d3 d4 d6ff d7ff d9 da db dc dd de df 80 81 90 91 a0 a1 ff".split(
    " ",
  ),
  ..."d47200 d4720091a161 d47300 d47800 d46500 c70578 d66200000001 a95f5f70726f746f5f5f".split(" "),
  ..."cf0020000000000001 cb8000000000000000 cb7ff8000000000000 ddffffffff dfffffffff c6ffffffff".split(" "),
].map((hex) => Buffer.from(hex, "hex"));

/** Opcodes, and the globals that a pickle of Celery names. */
export const pickleWords: Words = [
  ..."\x80\x04 \x80\x05 ( . ) } ] 0 1 2 N \x88 \x89 a e s u t \x85 \x86 \x87 l d b R o \x81 \x92 \x93 \x94 \x8f \x90 \x91 \x97 \x98".split(
    " ",
  ),
  ..."K\x01 M\x01\x00 J\xff\xff\xff\x7f \x8a\x01\x01 \x8b\x01\x00\x00\x00\x01 G\x3f\xf0\0\0\0\0\0\0 h\0 q\0 j\0\0\0\0 r\0\0\0\0 C\x01a B\x01\0\0\0a \x8c\x01a X\x01\0\0\0a T\x01\0\0\0a U\x01a".split(
    " ",
  ),
  ..."I1\n L1L\n F1.5\n S'a'\n Va\n g0\n p0\n cos\nsystem\n i Pid\n Q \x82\x01 \x95\x10\0\0\0\0\0\0\0 \x96\x01\0\0\0\0\0\0\0a".split(
    " ",
  ),
  ..."datetime date time timedelta timezone decimal Decimal uuid UUID builtins set frozenset bytearray complex tuple".split(
    " ",
  ),
  ..."collections OrderedDict defaultdict _codecs encode copy_reg _reconstructor copyreg __newobj__ celery.canvas signature zoneinfo ZoneInfo._unpickle a.b wire_app.X".split(
    " ",
  ),
].map((text) => Buffer.from(text, "latin1"));

export const webhookWords: Words = [
  ..."webhook-id: webhook-timestamp: webhook-signature: v1, v1a, x-hub-signature-256: sha256= stripe-signature: t= v1=".split(
    " ",
  ),
  ..."x-slack-request-timestamp: x-slack-signature: v0= x-signature: signature: signature-input: accept-signature: content-digest:".split(
    " ",
  ),
  ...'sha-256=: :, sig=() ("@method") ;created=1 ;expires=2 ;nonce="nnnnnnnnnnnnnnnn" ;keyid="k" ;tag="celery-gateway" ;sf ;bs ;req ;key="a" "@query-param";name="x" ?1 :AA==:'.split(
    " ",
  ),
  "\n",
  "\n\n",
  "1709208000",
];
