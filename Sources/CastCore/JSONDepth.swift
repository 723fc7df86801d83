package import Foundation

/// How deep a document nests, before anybody decodes it.
///
/// Foundation's decoder ends the process on a document that nests deeper than 512 (seen with Swift 6.3.1: a trap while
/// it computes where the fault is). No body of ours nests deeper than a few levels.
package enum JSONDepth {
    package static let limit = 64

    /// The offset of the first bracket that nests too deep; nil when none does.
    package static func firstBeyondLimit(in data: Data) -> Int? {
        // The bytes as they lie: `Data`'s own iterator took as long as the decoding of an hour-long transcript.
        data.withUnsafeBytes { Self.firstBeyondLimit(in: $0) }
    }

    private static func firstBeyondLimit(in data: UnsafeRawBufferPointer) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for (offset, byte) in data.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > Self.limit { return offset }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return nil
    }
}
