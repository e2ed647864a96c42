/** What the query page opens with: works without signing in, on the sample and on an empty log. */
export const FIRST_QUERY = `# The Committee as it stands now.
# For what was so at a time:
#   committee(asOf: "2019-01-28T10:02:30Z")
query Board {
  committee {
    position
    time
    name
    recommendations(
      first: 10
      filter: { state: ADOPTED }
    ) {
      edges {
        node {
          title
          ballots {
            outcome
            proof { sentence }
          }
        }
      }
    }
    regions(
      first: 20
      filter: { membership: MEMBER }
    ) {
      edges {
        node { name country population }
      }
    }
    board {
      total {
        openBallots
        recommendations { state count }
      }
    }
  }
}
`;
