/// Where a cutter cuts, and what it keeps, in seconds of the file: for measurements.
package struct CutPlaces: Sendable {
    /// Places at which a segment ends and another one goes on at once.
    package var places: [Double] = []
    /// What is in any segment, in order.
    package var kept: [Range<Double>] = []
    /// Seconds of a segment, on average.
    package var meanLength = 0.0

    /// Cuts samples that come in pieces of half a second, as they come from the decoder.
    package init(of samples: [Int16], by cutter: consuming some Cutting) {
        var cutter = cutter
        var segments: [SpeechSegment] = []
        let step = AudioDecoder.sampleRate / 2
        for start in stride(from: 0, to: samples.count, by: step) {
            segments += cutter.append(Array(samples[start..<min(start + step, samples.count)]))
        }
        segments += cutter.finish()
        let rate = Double(AudioDecoder.sampleRate)
        self.meanLength = segments.reduce(0) { $0 + $1.duration } / Double(max(1, segments.count))
        for segment in segments {
            for (index, piece) in segment.pieces.enumerated() {
                let next = index + 1 < segment.pieces.count ? segment.pieces[index + 1].start : segment.samples.count
                let end = piece.fileStart + next - piece.start
                if let last = self.kept.last, last.upperBound == Double(piece.fileStart) / rate {
                    if index == 0 { self.places.append(last.upperBound) }
                }
                self.kept.append(Double(piece.fileStart) / rate..<Double(end) / rate)
            }
        }
    }
}
