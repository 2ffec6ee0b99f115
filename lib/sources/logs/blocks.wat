;; The plain part of what decompresses blocks of LZ4 and snappy: elements that lie wholly within a window of the block and of the raw
;; data. Both functions take where to read (up to an end), where to write (up to an end), and the first byte of what was written before.
;; They decode element after element, and stop before the first one that is cut off, does not fit, or is not as it should be: what
;; becomes of that, JavaScript decides. They return how far they have written; how far they have read, `read` says.
;;
;; Sixteen bytes are copied at a time, up to fifteen beyond what is wanted. So behind both windows there is room for as many, and what
;; was written behind the returned end means nothing.
;;
;; `npm run assemble` makes blocksWasm.ts of this file.
(module
  (memory (export "memory") 8)
  (global $read (export "read") (mut i32) (i32.const 0))

  ;; Copies at least one byte, in steps of sixteen.
  (func $copy (param $from i32) (param $to i32) (param $count i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (local.get $count)))
    (loop $more
      (v128.store (local.get $to) (v128.load (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $to) (local.get $end)))))

  ;; A match may overlap what it produces: then it repeats its first bytes.
  (func $repeat (param $to i32) (param $distance i32) (param $count i32)
    (local $from i32) (local $end i32)
    (local.set $from (i32.sub (local.get $to) (local.get $distance)))
    (if (i32.ge_u (local.get $distance) (i32.const 16))
      (then
        (call $copy (local.get $from) (local.get $to) (local.get $count))
        (return)))
    (if (i32.eq (local.get $distance) (i32.const 1))
      (then
        (memory.fill (local.get $to) (i32.load8_u (local.get $from)) (local.get $count))
        (return)))
    (local.set $end (i32.add (local.get $to) (local.get $count)))
    (if (i32.ge_u (local.get $distance) (i32.const 8))
      (then
        (loop $more
          (i64.store (local.get $to) (i64.load (local.get $from)))
          (local.set $from (i32.add (local.get $from) (i32.const 8)))
          (local.set $to (i32.add (local.get $to) (i32.const 8)))
          (br_if $more (i32.lt_u (local.get $to) (local.get $end))))
        (return)))
    (loop $more
      (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $to) (local.get $end)))))

  (func (export "lz4")
    (param $from i32) (param $fromEnd i32) (param $to i32) (param $toEnd i32) (param $begin i32) (result i32)
    (local $at i32) (local $token i32) (local $byte i32) (local $literals i32) (local $middle i32)
    (local $distance i32) (local $length i32)
    (block $stop
      (loop $next
        (br_if $stop (i32.ge_u (local.get $from) (local.get $fromEnd)))
        (local.set $token (i32.load8_u (local.get $from)))
        (local.set $at (i32.add (local.get $from) (i32.const 1)))
        (local.set $literals (i32.shr_u (local.get $token) (i32.const 4)))
        (if (i32.eq (local.get $literals) (i32.const 15))
          (then
            (loop $more
              (br_if $stop (i32.ge_u (local.get $at) (local.get $fromEnd)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $literals (i32.add (local.get $literals) (local.get $byte)))
              (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        ;; With the distance behind them.
        (br_if $stop
          (i32.gt_u
            (i32.add (local.get $literals) (i32.const 2))
            (i32.sub (local.get $fromEnd) (local.get $at))))
        (br_if $stop (i32.gt_u (local.get $literals) (i32.sub (local.get $toEnd) (local.get $to))))
        (call $copy (local.get $at) (local.get $to) (local.get $literals))
        (local.set $at (i32.add (local.get $at) (local.get $literals)))
        (local.set $middle (i32.add (local.get $to) (local.get $literals)))
        (local.set $distance (i32.load16_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br_if $stop (i32.eqz (local.get $distance)))
        (br_if $stop (i32.gt_u (local.get $distance) (i32.sub (local.get $middle) (local.get $begin))))
        (local.set $length (i32.and (local.get $token) (i32.const 15)))
        (if (i32.eq (local.get $length) (i32.const 15))
          (then
            (loop $more
              (br_if $stop (i32.ge_u (local.get $at) (local.get $fromEnd)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $length (i32.add (local.get $length) (local.get $byte)))
              (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        (local.set $length (i32.add (local.get $length) (i32.const 4)))
        (br_if $stop (i32.gt_u (local.get $length) (i32.sub (local.get $toEnd) (local.get $middle))))
        ;; The last sequence of a block has no match: after one, there is more.
        (br_if $stop (i32.ge_u (local.get $at) (local.get $fromEnd)))
        (call $repeat (local.get $middle) (local.get $distance) (local.get $length))
        (local.set $to (i32.add (local.get $middle) (local.get $length)))
        (local.set $from (local.get $at))
        (br $next)))
    (global.set $read (local.get $from))
    (local.get $to))

  (func (export "snappy")
    (param $from i32) (param $fromEnd i32) (param $to i32) (param $toEnd i32) (param $begin i32) (result i32)
    (local $at i32) (local $head i32) (local $kind i32) (local $bytes i32) (local $count i32) (local $distance i32)
    (block $stop
      (loop $next
        (br_if $stop (i32.ge_u (local.get $from) (local.get $fromEnd)))
        (local.set $head (i32.load8_u (local.get $from)))
        (local.set $at (i32.add (local.get $from) (i32.const 1)))
        (local.set $kind (i32.and (local.get $head) (i32.const 3)))
        (local.set $count (i32.shr_u (local.get $head) (i32.const 2)))
        (if (i32.eqz (local.get $kind))
          (then
            (if (i32.ge_u (local.get $count) (i32.const 60))
              (then
                (local.set $bytes (i32.sub (local.get $count) (i32.const 59)))
                ;; Longer ones fit into no window.
                (br_if $stop (i32.gt_u (local.get $bytes) (i32.const 3)))
                (br_if $stop (i32.gt_u (local.get $bytes) (i32.sub (local.get $fromEnd) (local.get $at))))
                (local.set $count
                  (i32.and
                    (i32.load (local.get $at))
                    (i32.sub (i32.shl (i32.const 1) (i32.shl (local.get $bytes) (i32.const 3))) (i32.const 1))))
                (local.set $at (i32.add (local.get $at) (local.get $bytes)))))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $stop (i32.gt_u (local.get $count) (i32.sub (local.get $fromEnd) (local.get $at))))
            (br_if $stop (i32.gt_u (local.get $count) (i32.sub (local.get $toEnd) (local.get $to))))
            (call $copy (local.get $at) (local.get $to) (local.get $count))
            (local.set $at (i32.add (local.get $at) (local.get $count))))
          (else
            ;; Distances of 32 bits fit into no window, or could have been written in 16.
            (br_if $stop (i32.eq (local.get $kind) (i32.const 3)))
            (br_if $stop (i32.gt_u (local.get $kind) (i32.sub (local.get $fromEnd) (local.get $at))))
            (if (i32.eq (local.get $kind) (i32.const 1))
              (then
                (local.set $distance
                  (i32.or
                    (i32.shl (i32.shr_u (local.get $head) (i32.const 5)) (i32.const 8))
                    (i32.load8_u (local.get $at))))
                (local.set $count (i32.add (i32.and (local.get $count) (i32.const 7)) (i32.const 4))))
              (else
                (local.set $distance (i32.load16_u (local.get $at)))
                (local.set $count (i32.add (local.get $count) (i32.const 1)))))
            (local.set $at (i32.add (local.get $at) (local.get $kind)))
            (br_if $stop (i32.eqz (local.get $distance)))
            (br_if $stop (i32.gt_u (local.get $distance) (i32.sub (local.get $to) (local.get $begin))))
            (br_if $stop (i32.gt_u (local.get $count) (i32.sub (local.get $toEnd) (local.get $to))))
            (call $repeat (local.get $to) (local.get $distance) (local.get $count))))
        (local.set $to (i32.add (local.get $to) (local.get $count)))
        (local.set $from (local.get $at))
        (br $next)))
    (global.set $read (local.get $from))
    (local.get $to)))
