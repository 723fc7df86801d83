import CastCore
import Foundation
import Testing

struct CandidatePolicyTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let model = "parakeet-tdt-0.6b-v3"

    static func offer(
        _ id: String, community: String? = nil, secure: String? = nil, stock: GPUOffer.Stock = .high, memory: Int = 24,
        dataCentres: [DataCentreID: GPUOffer.Stock] = [:], cuda: [CUDAVersion] = []
    ) -> GPUOffer {
        var terms: [Cloud: GPUOffer.Terms] = [:]
        for (cloud, price) in [(Cloud.community, community), (.secure, secure)] {
            guard let price else { continue }
            terms[cloud] = GPUOffer.Terms(
                pricePerHour: Money(price), stock: stock, dataCentres: dataCentres, cudaVersions: cuda)
        }
        let name = id.replacingOccurrences(of: "NVIDIA ", with: "").replacingOccurrences(of: "GeForce ", with: "")
        return GPUOffer(id: GPUID(id), displayName: name, memoryGB: memory, terms: terms)
    }

    static func names(_ ranking: CandidatePolicy.Ranking) -> [String] {
        ranking.candidates.map { "\($0.gpu) \($0.cloud.rawValue)" }
    }

    @Test func `the price for the work decides, not the price of the hour`() {
        // The existing project's own figures: the A5000 does an hour of audio for $0.0025, the A4000 for $0.0032.
        let ranking = CandidatePolicy().rank(
            [
                Self.offer("NVIDIA RTX A4000", community: "0.16"), Self.offer("NVIDIA RTX A6000", community: "0.45"),
                Self.offer("NVIDIA RTX A5000", community: "0.22"),
            ], model: Self.model, at: Self.now)
        #expect(
            Self.names(ranking) == [
                "NVIDIA RTX A5000 community", "NVIDIA RTX A4000 community", "NVIDIA RTX A6000 community",
            ])
    }

    @Test func `the preferred one goes first, by id or by display name`() {
        let offers = [
            Self.offer("NVIDIA RTX A4000", community: "0.16"), Self.offer("NVIDIA L40", community: "0.69"),
        ]
        for preferred in ["NVIDIA L40", "L40", "nvidia l40 "] {
            let ranking = CandidatePolicy(preferred: preferred).rank(offers, model: Self.model, at: Self.now)
            #expect(ranking.candidates.first?.gpu == "NVIDIA L40", "\(preferred)")
        }
    }

    @Test func `community goes before secure at one price, and after it when it is dearer`() {
        let equal = CandidatePolicy().rank(
            [Self.offer("NVIDIA L40", community: "0.69", secure: "0.69")], model: Self.model, at: Self.now)
        #expect(equal.candidates.map(\.cloud) == [.community, .secure])
        let dearer = CandidatePolicy().rank(
            [Self.offer("NVIDIA L40", community: "0.70", secure: "0.69")], model: Self.model, at: Self.now)
        #expect(dearer.candidates.map(\.cloud) == [.secure, .community])
    }

    @Test func `what is out of stock comes last and is not left out`() {
        let ranking = CandidatePolicy(preferred: "NVIDIA RTX A5000").rank(
            [
                Self.offer("NVIDIA RTX A5000", community: "0.22", stock: .none),
                Self.offer("NVIDIA L40", secure: "0.82", stock: .low),
            ], model: Self.model, at: Self.now)
        #expect(Self.names(ranking) == ["NVIDIA L40 secure", "NVIDIA RTX A5000 community"])
    }

    @Test(arguments: [
        ("NVIDIA L4", ["NVIDIA L40", "NVIDIA L40S"]), ("L40", ["NVIDIA L4", "NVIDIA L40S"]),
        ("L", ["NVIDIA L4", "NVIDIA L40", "NVIDIA L40S"]),
    ])
    func `the blocklist compares whole names`(blocked: String, left: [String]) {
        let offers = ["NVIDIA L4", "NVIDIA L40", "NVIDIA L40S"].map { Self.offer($0, community: "0.5") }
        let ranking = CandidatePolicy(blocked: [blocked]).rank(offers, model: Self.model, at: Self.now)
        #expect(ranking.candidates.map(\.gpu.rawValue).sorted() == left)
        #expect(ranking.passedOver.count == 3 - left.count)
    }

    @Test func `ceiling, memory, driver and missing price leave out, and say so`() {
        let old = [CUDAVersion(major: 12, minor: 4)]
        let policy = CandidatePolicy(
            minimumMemoryGB: 16, minimumCUDA: CUDAVersion(major: 12, minor: 8), priceCeiling: Money("0.50"))
        let offers = [
            Self.offer("NVIDIA A", community: "0.51"), Self.offer("NVIDIA B", community: "0.5", memory: 8),
            Self.offer("NVIDIA C", community: "0.5", cuda: old), Self.offer("NVIDIA D", community: "none"),
            Self.offer("NVIDIA E", community: "0.5", cuda: old + [CUDAVersion(major: 13, minor: 0)]),
        ]
        let ranking = policy.rank(offers, model: Self.model, at: Self.now)
        #expect(ranking.candidates.map(\.gpu) == ["NVIDIA E"])
        #expect(ranking.passedOver.count == 4)
    }

    @Test func `enough measurement counts for more than what was published`() {
        let offers = [
            Self.offer("NVIDIA RTX A4000", community: "0.16"), Self.offer("NVIDIA RTX A5000", community: "0.22"),
        ]
        func first(_ jobs: Int, model: String = Self.model) -> Candidate? {
            let measured = MeasuredSpeed(
                gpu: "NVIDIA RTX A4000", model: model, audioSeconds: 80_000, busySeconds: 1000, jobs: jobs)
            return CandidatePolicy().rank(
                offers, model: Self.model, speeds: GPUSpeeds(measured: [measured]), at: Self.now
            ).candidates.first
        }
        #expect(first(5)?.gpu == "NVIDIA RTX A4000")
        #expect(first(5)?.isMeasured == true)
        #expect(first(4)?.gpu == "NVIDIA RTX A5000")
        #expect(first(5, model: "large-v3")?.gpu == "NVIDIA RTX A5000")
    }

    @Test func `what was refused waits three minutes, and longer each time, up to thirty`() {
        var refusals: [CapacityRefusal] = []
        var now = Self.now
        for minutes in [3.0, 6, 12, 24, 30, 30] {
            refusals.note("NVIDIA L40", .community, at: now)
            #expect(refusals[0].until == now + minutes * 60)
            now = refusals[0].until
        }
        refusals.note("NVIDIA L40", .community, at: now + 7200)
        #expect(refusals[0].count == 1)
    }

    @Test func `a refusal counts for its cloud only, and until its time is over`() {
        var refusals: [CapacityRefusal] = []
        refusals.note("NVIDIA L40", .community, at: Self.now)
        let offers = [
            Self.offer("NVIDIA L40", community: "0.6", secure: "0.8"), Self.offer("NVIDIA L40S", community: "0.9"),
        ]
        let ranking = CandidatePolicy().rank(offers, model: Self.model, refusals: refusals, at: Self.now + 179)
        #expect(Self.names(ranking) == ["NVIDIA L40 secure", "NVIDIA L40S community"])
        #expect(ranking.retryAt == Self.now + 180)
        let later = CandidatePolicy().rank(offers, model: Self.model, refusals: refusals, at: Self.now + 180)
        #expect(Self.names(later).first == "NVIDIA L40 community")
        refusals.forget("NVIDIA L40", .community, "EU-RO-1")
        #expect(refusals.isEmpty)
    }

    @Test func `a data centre with a bad host is gone round`() {
        var refusals: [CapacityRefusal] = []
        refusals.note("NVIDIA L40", .community, "EU-RO-1", at: Self.now)
        let offer = Self.offer("NVIDIA L40", community: "0.6", dataCentres: ["EU-RO-1": .high, "US-TX-3": .low])
        let ranking = CandidatePolicy().rank([offer], model: Self.model, refusals: refusals, at: Self.now)
        #expect(ranking.candidates.map(\.dataCentres) == [["US-TX-3"]])
        refusals.note("NVIDIA L40", .community, "US-TX-3", at: Self.now)
        let none = CandidatePolicy().rank([offer], model: Self.model, refusals: refusals, at: Self.now)
        #expect(none.candidates.isEmpty)
        #expect(none.retryAt == Self.now + 180)
    }

    @Test(arguments: [
        (Self.model, "NVIDIA RTX A5000", 87.0), (Self.model, "NVIDIA RTX A4000", 50),
        ("large-v3", "NVIDIA RTX A6000", 22),
        ("large-v3-turbo", "NVIDIA H100", 30.45), ("unheard-of", "NVIDIA RTX A4000", 10),
    ])
    func `speeds that nobody measured are the published ones`(model: String, gpu: String, speed: Double) {
        let found = GPUSpeeds().speed(of: GPUID(gpu), model: model)
        #expect(abs(found.value - speed) < 0.001)
        #expect(!found.isMeasured)
    }

    @Test func `money is reserved for a little more than the catalogue says`() {
        func limit(_ price: String) -> Money? {
            Money(price).map {
                Candidate(gpu: "x", displayName: "x", cloud: .secure, pricePerHour: $0, speed: 1).priceLimit
            }
        }
        #expect(limit("0.10") == Money("0.12"))
        #expect(limit("2") == Money("2.2"))
    }
}
