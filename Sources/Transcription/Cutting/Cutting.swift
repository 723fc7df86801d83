/// A way to cut a stream of samples into segments for the engine.
package protocol Cutting: Sendable {
    /// Takes the next samples, and gives out the segments that are complete.
    mutating func append(_ samples: UnsafeBufferPointer<Int16>) -> [SpeechSegment]
    /// Gives out what is left.
    mutating func finish() -> [SpeechSegment]
}

extension Cutting {
    package mutating func append(_ samples: [Int16]) -> [SpeechSegment] {
        samples.withUnsafeBufferPointer { self.append($0) }
    }
}
