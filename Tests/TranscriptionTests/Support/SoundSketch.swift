import Foundation

/// Sound made of bursts of noise, of which every place is known.
struct SoundSketch: Sendable {
    static let rate = 16_000

    private(set) var samples: [Int16] = []
    /// Where there is noise, in samples.
    private(set) var bursts: [Range<Int>] = []
    private var seed: UInt64

    /// A tenth of a second, made once: making every sample takes long where nothing is optimised.
    private static let noise: [Int16] = {
        var state: UInt64 = 42
        return (0..<(Self.rate / 10)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(truncatingIfNeeded: state >> 40)
        }
    }()

    init(seed: UInt64 = 1) { self.seed = seed }

    var seconds: Double { Double(self.samples.count) / Double(Self.rate) }

    /// The next number, the same in every run.
    mutating func random(in range: ClosedRange<Double>) -> Double {
        self.seed = self.seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return range.lowerBound + (range.upperBound - range.lowerBound) * Double(self.seed >> 11) / Double(1 << 53)
    }

    mutating func silence(_ seconds: Double) {
        self.samples.append(contentsOf: repeatElement(0, count: Int(seconds * Double(Self.rate))))
    }

    /// Adds samples that somebody else made, little-endian.
    mutating func append(_ data: Data) {
        var samples = [Int16](repeating: 0, count: data.count / 2)
        _ = samples.withUnsafeMutableBytes { data.copyBytes(to: $0) }
        self.samples += samples
    }

    /// - Parameter loudness: The highest sample, of 32,767.
    mutating func burst(_ seconds: Double, loudness: Double = 8000) {
        let start = self.samples.count
        let end = start + Int(seconds * Double(Self.rate))
        let noise = Self.noise.map { Int16(Double($0) / 32_768 * loudness) }
        while self.samples.count < end { self.samples += noise.prefix(end - self.samples.count) }
        self.bursts.append(start..<self.samples.count)
    }

    /// Something like speech: bursts as long as words, gaps between them, now and then a breath, and rarely a long
    /// silence.
    static func talk(seconds: Double, seed: UInt64) -> SoundSketch {
        var sketch = SoundSketch(seed: seed)
        while sketch.seconds < seconds {
            sketch.burst(sketch.random(in: 0.2...0.8))
            switch sketch.random(in: 0...1) {
            case ..<0.8: sketch.silence(sketch.random(in: 0.02...0.1))
            case ..<0.97: sketch.silence(sketch.random(in: 0.3...0.9))
            default: sketch.silence(sketch.random(in: 2...20))
            }
        }
        return sketch
    }

    func write(to url: URL) throws {
        var data = Self.header(bytes: self.samples.count * 2)
        self.samples.withUnsafeBytes { data.append(contentsOf: $0) }
        try data.write(to: url)
    }

    /// A long silence with bursts of a second in it, in a file that takes no more space than the bursts.
    ///
    /// They come in regular intervals, each in the middle of its own.
    static func writeSparse(seconds: Int, bursts: Int, to url: URL) throws {
        var burst = SoundSketch()
        burst.burst(1)
        let bytes = seconds * Self.rate * 2
        try Self.header(bytes: bytes).write(to: url)
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: UInt64(44 + bytes))
        for number in 0..<bursts {
            let place = (2 * number + 1) * seconds / (2 * bursts) * Self.rate
            try file.seek(toOffset: UInt64(44 + place * 2))
            try file.write(contentsOf: burst.samples.withUnsafeBytes { Data($0) })
        }
        try file.close()
    }

    /// A WAV file's first 44 bytes.
    private static func header(bytes count: Int) -> Data {
        var data = Data("RIFF".utf8)
        func add(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        add(UInt32(36 + count))
        data.append(Data("WAVEfmt ".utf8))
        add(UInt32(16))
        add(UInt16(1))
        add(UInt16(1))
        add(UInt32(Self.rate))
        add(UInt32(Self.rate * 2))
        add(UInt16(2))
        add(UInt16(16))
        data.append(Data("data".utf8))
        add(UInt32(count))
        return data
    }
}
